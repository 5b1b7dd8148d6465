/**
 * One application, a worker and a command line on a small machine: little memory, few processes, every
 * commit on the disk. Memory that is not touched is not taken.
 */
export const serverSettings: readonly string[] = [
  'fsync=on',
  'synchronous_commit=on',
  'full_page_writes=on',
  'max_connections=25',
  'shared_buffers=64MB',
  'work_mem=4MB',
  'maintenance_work_mem=32MB',
  'max_wal_size=512MB',
  'wal_level=minimal',
  'max_wal_senders=0',
  'max_worker_processes=2',
  'max_logical_replication_workers=0',
  'max_parallel_workers=0',
  'max_parallel_workers_per_gather=0',
  'autovacuum_max_workers=1',
  // Reads by the backends themselves: no further processes for them.
  'io_method=sync',
  'jit=off',
  // Random passwords of 192 bits need no stretching, and every new connection is spared it.
  'scram_iterations=1',
  'timezone=UTC',
  'log_timezone=UTC',
  'log_min_messages=warning',
  'log_line_prefix=%m [%p] ',
];
