export { asyncApiDocument } from './async-api.js';
export { ChatModule, RunsModule } from './chat.module.js';
