import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { NO_ORGANISATION } from '../database/index.js';
import { Drain } from './drain.js';
import { NodeId } from './node-id.js';
import { type LiveNode, NodesRepository } from './nodes.repository.js';

const BEAT_MS = 2000;
/** Three beats missed. */
const ALIVE_SECONDS = 7;
const FORGET_SECONDS = 60;

/** Which nodes live, as this one last heard: at most some seconds old, and as before while the database is away. */
@Injectable()
export class NodeRegistry implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(NodeRegistry.name);
  private nodes: readonly LiveNode[];
  private timer: NodeJS.Timeout | undefined;
  private beating: Promise<void> | undefined;
  private failing = false;
  private left = false;

  constructor(
    private readonly self: NodeId,
    private readonly repository: NodesRepository,
    drain: Drain,
  ) {
    drain.onDrain('list of nodes', 'goodbye', () => this.leave());
    const { value, role, version, startedAt } = self;
    this.nodes = [{ id: value, role, version, startedAt }];
  }

  /** Oldest first; this node is always among them. */
  live(): readonly LiveNode[] {
    return this.nodes;
  }

  /** Nodes that answer clients, at least 1: what a limit counted by each node alone is divided by. */
  get serving(): number {
    return Math.max(1, this.nodes.filter(({ role }) => role === 'api').length);
  }

  /** Commands come and go: they are no nodes that others reckon with. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.self.role === 'cli') return;
    this.timer = setInterval(() => void this.beat(), BEAT_MS).unref();
    await this.beat();
  }

  /** Says goodbye, so that the others need not wait for the silence. */
  async leave(): Promise<void> {
    if (this.timer === undefined || this.left) return;
    this.left = true;
    clearInterval(this.timer);
    await this.beating;
    await this.attempt(() => this.repository.remove(NO_ORGANISATION, this.self.value));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.leave();
  }

  private async beat(): Promise<void> {
    // A beat that takes long, because the database does, is not doubled.
    this.beating ??= this.attempt(async () => {
      this.nodes = await this.repository.beat(NO_ORGANISATION, this.self, ALIVE_SECONDS, FORGET_SECONDS);
    }).finally(() => {
      this.beating = undefined;
    });
    await this.beating;
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.logger.warn({ msg: 'the list of nodes cannot be kept', err: error });
      this.failing = true;
    }
  }
}
