import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { platformErrors } from '@parley/platform/errors';
import { isId } from '@parley/platform/ids';

/** A message in its session, as a path names it. */
export interface MessagePlace {
  readonly sessionId: string;
  readonly messageId: string;
}

/** Reads `:session_id` and `:message_id`; a malformed id answers what an unknown one does. */
export const MessagePath = createParamDecorator((_: unknown, context: ExecutionContext): MessagePlace => {
  const { params } = context.switchToHttp().getRequest<{ params: { session_id: string; message_id: string } }>();
  const { session_id: sessionId, message_id: messageId } = params;
  if (!isId('session', sessionId) || !isId('message', messageId)) throw platformErrors.NOT_FOUND();
  return { sessionId, messageId };
});
