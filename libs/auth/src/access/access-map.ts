import { Injectable, type OnModuleInit, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { GATEWAY_METADATA, MESSAGE_MAPPING_METADATA, MESSAGE_METADATA } from '@nestjs/websockets/constants.js';
import { ROUTE_ACCESS } from '@parley/platform/http';
import { type Access, isAccess } from './access.decorators.js';

/** One way in, and who may take it. */
export interface Entrance {
  /** `GET` and so on, or `EVENT` for a socket event. */
  readonly method: string;
  /** Paths without the global prefix, or the name of the event. */
  readonly paths: readonly string[];
  /** `SignInController.login` */
  readonly handler: string;
  readonly access: Access;
}

type Owner = abstract new (...args: never[]) => object;
type Handler = (...args: never[]) => unknown;

/**
 * Every route and socket event of the application with its access. An application with one that
 * declares none does not start.
 */
@Injectable()
export class AccessMap implements OnModuleInit {
  private entrances: readonly Entrance[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onModuleInit(): void {
    this.entrances = this.walk();
  }

  all(): readonly Entrance[] {
    return this.entrances;
  }

  private walk(): Entrance[] {
    const entrances = this.owners().flatMap((owner) => this.entrancesOf(owner));
    const undeclared = entrances.filter(({ access }) => access === undefined).map(({ handler }) => handler);
    if (undeclared.length > 0) {
      throw new Error(
        `closed by default: ${undeclared.join(', ')} must declare @Public(), @SignedIn() or @Requires(…)`,
      );
    }
    return entrances.flatMap(({ access, ...entrance }) => (access === undefined ? [] : [{ ...entrance, access }]));
  }

  private owners(): Owner[] {
    const owners = [...this.discovery.getControllers(), ...this.discovery.getProviders()].flatMap(({ metatype }) =>
      isOwner(metatype) ? [metatype] : [],
    );
    return [...new Set(owners)];
  }

  private entrancesOf(owner: Owner): Found[] {
    const prototype: unknown = owner.prototype;
    if (typeof prototype !== 'object' || prototype === null) return [];
    return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
      const handler: unknown = Reflect.get(prototype, name);
      const way = isHandler(handler) ? wayInto(owner, handler) : undefined;
      if (way === undefined || !isHandler(handler)) return [];
      return [{ ...way, handler: `${owner.name}.${name}`, access: accessOf(owner, handler) }];
    });
  }
}

type Found = Omit<Entrance, 'access'> & { readonly access: Access | undefined };

function isOwner(value: unknown): value is Owner {
  return (
    typeof value === 'function' &&
    (Reflect.hasMetadata(PATH_METADATA, value) || Reflect.hasMetadata(GATEWAY_METADATA, value))
  );
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}

/** What leads to a handler; undefined for a method that nothing leads to. */
function wayInto(owner: Owner, handler: Handler): Pick<Entrance, 'method' | 'paths'> | undefined {
  if (Reflect.hasMetadata(MESSAGE_MAPPING_METADATA, handler)) {
    return { method: 'EVENT', paths: texts(Reflect.getMetadata(MESSAGE_METADATA, handler)) };
  }
  if (!Reflect.hasMetadata(PATH_METADATA, handler)) return undefined;
  const method: unknown = Reflect.getMetadata(METHOD_METADATA, handler);
  const below = texts(Reflect.getMetadata(PATH_METADATA, handler));
  const paths = texts(Reflect.getMetadata(PATH_METADATA, owner)).flatMap((base) =>
    below.map((path) => join(base, path)),
  );
  return { method: typeof method === 'number' ? (RequestMethod[method] ?? 'ALL') : 'GET', paths };
}

function accessOf(owner: Owner, handler: Handler): Access | undefined {
  const declared: unknown = Reflect.getMetadata(ROUTE_ACCESS, handler) ?? Reflect.getMetadata(ROUTE_ACCESS, owner);
  return isAccess(declared) ? declared : undefined;
}

function texts(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((text) => typeof text === 'string');
}

function join(...parts: string[]): string {
  return `/${parts
    .flatMap((part) => part.split('/'))
    .filter((part) => part !== '')
    .join('/')}`;
}
