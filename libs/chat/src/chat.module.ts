import { Module } from '@nestjs/common';
import { IdentityModule } from '@parley/auth';
import { SessionsModule } from '@parley/sessions';
import { UseCasesModule } from '@parley/use-cases';
import { ChatJobs } from './afterwards/chat.jobs.js';
import { MessageCare } from './afterwards/message-care.service.js';
import { Summaries } from './afterwards/summaries.service.js';
import { Titles } from './afterwards/titles.service.js';
import { ChatMetrics } from './chat.metrics.js';
import { Dispatcher } from './runs/dispatcher.service.js';
import { LeaseKeeper } from './runs/lease-keeper.service.js';
import { Pacer } from './runs/pacer.service.js';
import { Remains } from './runs/remains.service.js';
import { Rounds } from './runs/rounds.service.js';
import { RunBroadcast } from './runs/run-broadcast.service.js';
import { RunEnds } from './runs/run-ends.service.js';
import { Runner } from './runs/runner.service.js';
import { RunsController } from './runs/runs.controller.js';
import { RunsService } from './runs/runs.service.js';
import { Sweeper } from './runs/sweeper.service.js';
import { ChatGateway } from './sockets/chat.gateway.js';
import { FrameHandler } from './sockets/frame-handler.service.js';
import { PlainFrames } from './sockets/plain-frames.service.js';
import { PlainSocketGateway } from './sockets/plain-socket.gateway.js';
import { SocketHandshake } from './sockets/socket-handshake.service.js';
import { EventStreams } from './streams/event-streams.service.js';
import { EventsController } from './streams/events.controller.js';
import { TrialsController } from './trials/trials.controller.js';
import { TrialsService } from './trials/trials.service.js';
import { Admissions } from './turns/admissions.service.js';
import { ChatController } from './turns/chat.controller.js';
import { ChatService } from './turns/chat.service.js';
import { Intake } from './turns/intake.service.js';
import { Repetitions } from './turns/repetitions.service.js';
import { TurnsService } from './turns/turns.service.js';

/** Executes runs and looks after them: what every serving process and every worker does. */
@Module({
  imports: [IdentityModule, SessionsModule, UseCasesModule],
  providers: [
    Admissions,
    ChatJobs,
    ChatMetrics,
    Dispatcher,
    LeaseKeeper,
    Pacer,
    Remains,
    Rounds,
    RunEnds,
    RunBroadcast,
    Runner,
    Summaries,
    Sweeper,
    Titles,
  ],
  exports: [Admissions, ChatMetrics, Runner, Summaries, Titles],
})
export class RunsModule {}

/** The doors of the chat: REST, server-sent events, Socket.IO, plain WebSocket. */
@Module({
  imports: [IdentityModule, SessionsModule, UseCasesModule, RunsModule],
  controllers: [ChatController, RunsController, EventsController, TrialsController],
  providers: [
    ChatGateway,
    ChatService,
    EventStreams,
    PlainFrames,
    Intake,
    Repetitions,
    MessageCare,
    PlainSocketGateway,
    RunsService,
    FrameHandler,
    SocketHandshake,
    TrialsService,
    TurnsService,
  ],
})
export class ChatModule {}
