import { applyDecorators, Body, Controller, Delete, Post, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { type Actor, CurrentActor, Requires } from '@parley/auth';
import { AcceptedType, Endpoint, EVENT_STREAM_TYPE, Idempotent, IdParam, locate } from '@parley/platform/http';
import type { Response } from 'express';
import { MessageCare } from '../afterwards/message-care.service.js';
import { EVENT_STREAM } from '../streams/event-stream.example.js';
import { EventStreams } from '../streams/event-streams.service.js';
import { AcceptedDto, FeedbackDto, FeedbackResultDto, RegenerateDto, SendMessageDto, TurnDto } from './chat.dto.js';
import { ChatService } from './chat.service.js';
import { MessagePath, type MessagePlace } from './message-path.js';
import { TurnCall, type TurnCallOptions } from './turn-call.js';
import { type TurnAnswer, TurnsService } from './turns.service.js';

const TAG = 'Messages';
const json = (model: typeof TurnDto | typeof AcceptedDto) => ({
  'application/json': { schema: { $ref: getSchemaPath(model) } },
});

/** What sending and regenerating have in common for whoever reads the API document. */
const TurnEndpoint = (summary: string, example: Readonly<Record<string, unknown>>): MethodDecorator =>
  applyDecorators(
    Endpoint({
      summary,
      tag: TAG,
      status: 201,
      limit: 'messages.send',
      produces: ['application/json', EVENT_STREAM_TYPE],
      unhurried: true,
      example,
    }),
    ApiHeader({
      name: 'Prefer',
      required: false,
      description: '`respond-async`, or `wait=N` with at most 300 seconds',
    }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'A repetition joins the run of the first call.',
    }),
    ApiExtraModels(TurnDto, AcceptedDto),
    ApiOkResponse({
      description: 'To `Accept: text/event-stream`: the events of the run as they come, up to its end.',
      content: EVENT_STREAM,
    }),
    ApiCreatedResponse({ description: 'The answer, whole.', content: json(TurnDto) }),
    ApiAcceptedResponse({
      description: 'The answer is not there yet, and its run goes on.',
      headers: { Location: { description: 'Leads to the run.', schema: { type: 'string' } } },
      content: json(AcceptedDto),
    }),
  );

@Controller('chat/sessions/:session_id/messages')
export class ChatController {
  constructor(
    private readonly chat: ChatService,
    private readonly turns: TurnsService,
    private readonly streams: EventStreams,
    private readonly care: MessageCare,
  ) {}

  @Post()
  @Requires('message:send')
  @TurnEndpoint('Say something and get the answer, whole or as a stream', { content: 'What is an append-only log?' })
  async send(
    @CurrentActor() actor: Actor,
    @IdParam('session') sessionId: string,
    @Body() input: SendMessageDto,
    @TurnCall() { patience, key }: TurnCallOptions,
    @AcceptedType() type: string,
    @Res() response: Response,
  ): Promise<void> {
    if (type === EVENT_STREAM_TYPE) {
      await this.chat.send(actor, sessionId, input, key, this.streams.ofRun(actor, sessionId, response));
    } else {
      respond(response, await this.turns.send(actor, sessionId, input, patience, key));
    }
  }

  @Post(':message_id/regenerate')
  @Requires('message:send')
  @TurnEndpoint('Answer a message anew', { context: { temperature: 1 } })
  async regenerate(
    @CurrentActor() actor: Actor,
    @MessagePath() path: MessagePlace,
    @Body() input: RegenerateDto,
    @TurnCall() { patience, key }: TurnCallOptions,
    @AcceptedType() type: string,
    @Res() response: Response,
  ): Promise<void> {
    const { sessionId, messageId } = path;
    if (type === EVENT_STREAM_TYPE) {
      const heard = this.streams.ofRun(actor, sessionId, response);
      await this.chat.regenerate(actor, sessionId, messageId, input, { key, heard });
    } else {
      respond(response, await this.turns.regenerate(actor, path, input, patience, key));
    }
  }

  @Delete(':message_id')
  @Requires('message:delete')
  @Endpoint({ summary: 'Erase a message: its content goes, its place in the log stays', tag: TAG, status: 204 })
  erase(
    @CurrentActor() actor: Actor,
    @IdParam('session') sessionId: string,
    @IdParam('message') messageId: string,
  ): Promise<void> {
    return this.care.erase(actor, sessionId, messageId);
  }

  @Post(':message_id/feedback')
  @Requires('message:read')
  @Idempotent()
  @Endpoint({
    summary: 'Say whether an answer was good',
    tag: TAG,
    status: 201,
    example: { rating: 'up', comment: 'Just what I needed.' },
  })
  rate(
    @CurrentActor() actor: Actor,
    @IdParam('session') sessionId: string,
    @IdParam('message') messageId: string,
    @Body() input: FeedbackDto,
  ): Promise<FeedbackResultDto> {
    return this.care.rate(actor, sessionId, messageId, input);
  }
}

function respond(response: Response, answer: TurnAnswer): void {
  response.setHeader('Cache-Control', 'private, no-cache');
  if (answer.replayed) response.setHeader('Idempotent-Replayed', 'true');
  if ('turn' in answer) {
    response.status(201).json(answer.turn);
  } else {
    const { session_id, run } = answer.accepted;
    locate(response.status(202), `chat/sessions/${session_id}/runs/${run.run_id}`).json(answer.accepted);
  }
}
