export { ChatModule, RunsModule } from './chat.module.js';
export { asyncApiDocument } from './sockets/async-api.js';
