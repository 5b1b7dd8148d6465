import { type FileHandle, open } from 'node:fs/promises';

/** `<40 hexadecimal digits>[:count]`, as the well-known lists of breached passwords have it. */
const LINE = /^([0-9a-f]{40})(?:$|[:\s])/i;
const CHUNK = 256;
/** Bytes up to which a list is read from end to end, in whatever order it is. */
const READ_WHOLE = 4_194_304;

/**
 * A file of SHA-1 hashes, one a line. A list of more than 4 MiB has to be sorted, as the well-known ones
 * are (tens of gigabytes): it is looked up by bisection over byte offsets, some 35 short reads a password.
 * Nothing is kept in memory.
 */
export class BreachedList {
  constructor(private readonly path: string) {}

  /**
   * @param sha1 40 hexadecimal digits
   * @throws Error when the file cannot be read, or a line in the way is no hash: what should decide and cannot, refuses
   */
  async has(sha1: string): Promise<boolean> {
    const wanted = sha1.toLowerCase();
    const file = await open(this.path, 'r');
    try {
      const { size } = await file.stat();
      return size > READ_WHOLE ? await bisect(file, size, wanted) : await scan(file, wanted);
    } finally {
      await file.close();
    }
  }
}

async function scan(file: FileHandle, wanted: string): Promise<boolean> {
  for await (const line of file.readLines({ encoding: 'latin1', autoClose: false })) {
    if (line.trim() !== '' && hashIn(line) === wanted) return true;
  }
  return false;
}

async function bisect(file: FileHandle, size: number, wanted: string): Promise<boolean> {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const line = await lineAfter(file, middle === 0 ? 0 : await nextLineStart(file, middle), high);
    if (line === undefined || line.hash > wanted) high = middle;
    else if (line.hash === wanted) return true;
    else low = line.end;
  }
  return false;
}

/** Offset behind the next line feed at or after `offset - 1`: the first line that begins at `offset` or later. */
async function nextLineStart(file: FileHandle, offset: number): Promise<number> {
  let at = offset - 1;
  for (;;) {
    const text = await readAt(file, at);
    if (text === '') return at;
    const feed = text.indexOf('\n');
    if (feed >= 0) return at + feed + 1;
    at += text.length;
  }
}

async function lineAfter(
  file: FileHandle,
  start: number,
  limit: number,
): Promise<{ hash: string; end: number } | undefined> {
  if (start >= limit) return undefined;
  const text = await readAt(file, start);
  const feed = text.indexOf('\n');
  return { hash: hashIn(text), end: start + (feed < 0 ? text.length : feed + 1) };
}

function hashIn(line: string): string {
  const hash = LINE.exec(line)?.[1];
  if (hash === undefined) throw new Error('the list of breached passwords has a line that is no SHA-1 hash');
  return hash.toLowerCase();
}

async function readAt(file: FileHandle, position: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK), 0, CHUNK, position);
  return buffer.toString('latin1', 0, bytesRead);
}
