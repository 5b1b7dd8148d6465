export { ClientAddresses } from './client-address.js';
export { gatherWrites } from './gather-writes.js';
export { ReadBrake } from './read-brake.js';
export { SocketIoAdapter } from './socket-io.adapter.js';
export { SocketsModule } from './sockets.module.js';
export { refuseUpgrade, UpgradeDoors } from './upgrade-doors.js';
