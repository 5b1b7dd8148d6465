import { defineErrors } from '@parley/platform/errors';

export const sessionErrors = defineErrors({
  MESSAGE_DELETED: {
    status: 409,
    title: 'The message has been erased.',
    remedy: 'Choose another message; an erased one cannot be answered, rated or copied.',
  },
  RUN_IN_PROGRESS: {
    status: 409,
    title: 'A run is under way in this session.',
    remedy: 'Wait for it to end, cancel it, or set settings.on_busy to queue.',
  },
  QUEUE_FULL: {
    status: 429,
    title: 'Too many messages wait in this session.',
    remedy: 'Wait until the running answer has ended.',
  },
  RUN_INTERRUPTED: {
    status: 502,
    title: 'The node that wrote this answer went away.',
    remedy: 'Regenerate the answer; what had been written is kept as a partial message.',
  },
  RUN_TIMEOUT: {
    status: 504,
    title: 'The run took longer than it may.',
    remedy: 'Ask for less at once, or raise the limit in the configuration.',
  },
  RUN_CANCELLED: {
    status: 409,
    title: 'The run was cancelled.',
    remedy: 'Send the message again, or regenerate the answer.',
  },
  RUN_NOT_WAITING: {
    status: 409,
    title: 'The run does not wait for a person.',
    remedy: 'Give input only to a run whose status is waiting.',
  },
  TOO_MANY_JOINED: {
    status: 409,
    title: 'This socket has joined as many sessions as it may.',
    remedy: 'Leave a session first, or open another socket.',
  },
  READER_TOO_SLOW: {
    status: 408,
    title: 'The reader does not keep up with the session.',
    remedy: 'Connect again with the last seq that was seen.',
  },
});
