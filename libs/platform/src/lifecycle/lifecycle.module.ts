import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Drain } from './drain.js';
import { NodeId, type NodeRole } from './node-id.js';
import { NodeRegistry } from './node-registry.js';
import { NodesRepository } from './nodes.repository.js';

export interface LifecycleOptions {
  readonly role: NodeRole;
  /** Version of the program. */
  readonly version: string;
}

/** Who this process is, which others there are, and how it leaves. */
@Global()
@Module({})
export class LifecycleModule {
  static forRoot({ role, version }: LifecycleOptions): DynamicModule {
    return {
      module: LifecycleModule,
      providers: [
        { provide: NodeId, useFactory: () => new NodeId(role, version) },
        NodesRepository,
        NodeRegistry,
        Drain,
      ],
      exports: [NodeId, NodeRegistry, Drain],
    };
  }
}
