import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { type Actor, CurrentActor, Requires } from '@parley/auth';
import { Endpoint, IdParam, type Page } from '@parley/platform/http';
import { MessageDto, MessageListDto, MessageListQueryDto } from './messages.dto.js';
import { MessagesService } from './messages.service.js';

/** Reading messages; sending and erasing them is a matter of the chat. */
@Controller('chat/sessions/:session_id/messages')
export class MessagesController {
  constructor(private readonly messages: MessagesService) {}

  @Get()
  @Requires('message:read')
  @Endpoint({ summary: 'List the messages of a conversation, newest first', tag: 'Messages', list: true })
  @ApiOkResponse({ type: MessageListDto })
  list(
    @CurrentActor() actor: Actor,
    @IdParam('session') sessionId: string,
    @Query() query: MessageListQueryDto,
  ): Promise<Page<MessageDto>> {
    return this.messages.list(actor, sessionId, query);
  }

  @Get(':message_id')
  @Requires('message:read')
  @Endpoint({ summary: 'Read a message', tag: 'Messages', etag: messageTag })
  get(
    @CurrentActor() actor: Actor,
    @IdParam('session') sessionId: string,
    @IdParam('message') messageId: string,
  ): Promise<MessageDto> {
    return this.messages.get(actor, sessionId, messageId);
  }
}

/** A message changes only by erasure, hiding and supersession. */
function messageTag(message: MessageDto): string {
  return `${message.seq}.${message.status}.${message.superseded ? 1 : 0}.${message.metadata['hidden'] === true ? 1 : 0}`;
}
