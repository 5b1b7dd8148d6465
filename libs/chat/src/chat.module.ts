import { Module } from '@nestjs/common';
import { IdentityModule } from '@parley/auth';
import { SessionsModule } from '@parley/sessions';
import { UseCasesModule } from '@parley/use-cases';
import { Admissions } from './admissions.service.js';
import { ChatController } from './chat.controller.js';
import { ChatGateway } from './chat.gateway.js';
import { ChatJobs } from './chat.jobs.js';
import { ChatMetrics } from './chat.metrics.js';
import { ChatService } from './chat.service.js';
import { Dispatcher } from './dispatcher.service.js';
import { EventStreams } from './event-streams.service.js';
import { EventsController } from './events.controller.js';
import { Intake } from './intake.service.js';
import { LeaseKeeper } from './lease-keeper.service.js';
import { MessageCare } from './message-care.service.js';
import { Pacer } from './pacer.service.js';
import { Frames } from './plain-frames.service.js';
import { PlainSocketGateway } from './plain-socket.gateway.js';
import { Remains } from './remains.service.js';
import { Repetitions } from './repetitions.service.js';
import { Rounds } from './rounds.service.js';
import { RunEnds } from './run-ends.service.js';
import { RunVoice } from './run-voice.service.js';
import { Runner } from './runner.service.js';
import { RunsController } from './runs.controller.js';
import { RunsService } from './runs.service.js';
import { SocketDesk } from './socket-desk.service.js';
import { SocketEntrance } from './socket-entrance.service.js';
import { Summaries } from './summaries.service.js';
import { Sweeper } from './sweeper.service.js';
import { Titles } from './titles.service.js';
import { TrialsController } from './trials.controller.js';
import { TrialsService } from './trials.service.js';
import { TurnsService } from './turns.service.js';

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
    RunVoice,
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
    Frames,
    Intake,
    Repetitions,
    MessageCare,
    PlainSocketGateway,
    RunsService,
    SocketDesk,
    SocketEntrance,
    TrialsService,
    TurnsService,
  ],
})
export class ChatModule {}
