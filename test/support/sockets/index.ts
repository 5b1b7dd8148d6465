export { EventSourceLine } from './event-source.js';
export { PlainLine } from './plain-socket.js';
export { SocketIoLine } from './socket-io.js';
export { record, SessionView } from './view.js';
