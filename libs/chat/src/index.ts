export { ChatModule, RunsModule } from './chat.module.js';
