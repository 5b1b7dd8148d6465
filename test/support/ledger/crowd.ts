import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyClient } from '../nodes/client.js';
import { settledBooks } from './books.js';
import { Follower } from './follower.js';
import { type Place, post, TRANSPORTS, type Transport } from './lines.js';
import type { Random } from './random.js';
import { question } from './script.js';
import { type Acknowledged, sendSurely } from './sender.js';
import { audit, type Case } from './verdict.js';
import type { Outgoing, Receipt } from './wire.js';

export interface CrowdSize {
  readonly users: number;
  readonly sessionsEach: number;
  readonly messagesEach: number;
}

/** How long a client goes on trying. */
const PATIENCE_MS = 60_000;
/** A lease of 2 s, the next round, the four answers that wait: about 10 s, on a machine of one's own. */
const SETTLE_MS = 30_000;
/** Share of the questions whose answer the model breaks off. */
const BROKEN = 0.15;

interface Talk {
  readonly random: Random;
  readonly client: ParleyClient;
  readonly sessionId: string;
  readonly followers: readonly Follower[];
  readonly acknowledged: Acknowledged[];
}

/**
 * Several people in several conversations: in each, one client sends its messages one after the other and two
 * readers follow. Whatever breaks, they connect again with what they have and repeat what was not acknowledged.
 */
export class Crowd {
  private constructor(
    private readonly talks: readonly Talk[],
    private readonly urls: () => readonly string[],
    private readonly random: Random,
  ) {}

  static async gather(urls: () => readonly string[], size: CrowdSize, random: Random): Promise<Crowd> {
    const talks: Talk[] = [];
    for (let user = 0; user < size.users; user += 1) {
      const client = await ParleyClient.register(random.pick(urls()));
      for (let n = 0; n < size.sessionsEach; n += 1) talks.push(await openTalk(client, urls, random.fork()));
    }
    return new Crowd(talks, urls, random);
  }

  /** Sends everything; resolves when all of it is acknowledged. */
  async speak(messagesEach: number): Promise<void> {
    await Promise.all(this.talks.map((talk) => this.speakIn(talk, messagesEach)));
  }

  /** Breaks off every connection of every reader. */
  cut(): void {
    for (const { followers } of this.talks) for (const follower of followers) follower.cut();
  }

  /** Waits until nothing is under way, then compares. Returns every breach of the promise. */
  async settle(): Promise<string[]> {
    const breaches: string[] = [];
    for (const talk of this.talks) {
      const { sessionId, acknowledged, followers } = talk;
      const readings = followers.map(({ reading }) => reading);
      const client = talk.client.on(this.random.pick(this.urls()));
      const books = await settledBooks(client, sessionId, SETTLE_MS);
      const until = Date.now() + SETTLE_MS;
      while (readings.some(({ cursor }) => cursor < books.lastSeq) && Date.now() < until) await sleep(50);
      const matter: Case = { sessionId, acknowledged, readings };
      breaches.push(...audit(matter, books));
    }
    return breaches;
  }

  /** Messages acknowledged, connections, and repetitions: how hard the round was. */
  get tally(): { acknowledged: number; repeated: number; connections: number; deltas: number } {
    const sent = this.talks.flatMap(({ acknowledged }) => acknowledged);
    const followers = this.talks.flatMap((talk) => talk.followers);
    return {
      acknowledged: sent.length,
      repeated: sent.filter(({ tries }) => tries > 1).length,
      connections: sum(followers.map(({ connections }) => connections)),
      deltas: sum(followers.map(({ reading }) => reading.deltas)),
    };
  }

  async leave(): Promise<void> {
    await Promise.all(this.talks.flatMap(({ followers }) => followers.map((follower) => follower.close())));
  }

  private async speakIn({ random, client, sessionId, followers, acknowledged }: Talk, count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const cut = random.next() < BROKEN ? ` cut after ${random.between(0, 8)}` : '';
      const name = `${sessionId.slice(-8)}-${n}`;
      const content = question(random.between(5, 25), random.between(10, 60), `${name}${cut}`);
      const follower = followers[n % followers.length];
      const overLine = random.next() < 0.7;
      const send = (message: Outgoing): Promise<Receipt> => {
        const place: Place = { url: random.pick(this.urls()), token: String(client.token), sessionId };
        return overLine && follower !== undefined ? follower.send(message) : post(place, message);
      };
      acknowledged.push(await sendSurely({ content, client_message_id: name }, send, PATIENCE_MS));
      await sleep(random.between(100, 700));
    }
  }
}

async function openTalk(client: ParleyClient, urls: () => readonly string[], random: Random): Promise<Talk> {
  const { body } = await client.call('/chat/sessions', { method: 'POST', body: {} });
  const sessionId = String(body['session_id']);
  const first: Transport = random.pick(TRANSPORTS);
  const others = TRANSPORTS.filter((transport) => transport !== first);
  const followers = [first, random.pick(others)].map((transport, n) => {
    const path = random.fork();
    const name = `reader ${n + 1}`;
    return new Follower({ name, transport, token: String(client.token), sessionId, url: () => path.pick(urls()) });
  });
  return { random, client, sessionId, followers, acknowledged: [] };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
