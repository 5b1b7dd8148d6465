export { EventSourceLine } from './event-source.js';
export { PlainLine } from './plain-socket.js';
export { SocketIoLine } from './socket-io.js';
export { record, type SeenEvent, SessionView } from './view.js';
