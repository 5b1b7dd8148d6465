import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';

/** A document as it goes out: built when first asked for, then kept. */
export interface ServedDocument {
  readonly text: string;
  /** Strong. */
  readonly etag: string;
}

export interface DocumentSources {
  readonly openapi: () => Promise<object>;
  readonly asyncapi: () => Promise<object>;
}

/** The machine-readable descriptions of the interface. Building them takes long, so no start waits for it. */
@Injectable()
export class ApiDocuments {
  private sources: DocumentSources | undefined;
  private readonly built = new Map<keyof DocumentSources, Promise<ServedDocument>>();

  /** Says how they are made; to be called once, before the first request. */
  attach(sources: DocumentSources): void {
    this.sources = sources;
  }

  get(name: keyof DocumentSources): Promise<ServedDocument> {
    let document = this.built.get(name);
    if (document === undefined) {
      document = this.build(name);
      this.built.set(name, document);
      // A failure is for whoever asked; the next one tries again.
      document.catch(() => this.built.delete(name));
    }
    return document;
  }

  private async build(name: keyof DocumentSources): Promise<ServedDocument> {
    if (this.sources === undefined) throw new Error('no sources of API documents were attached');
    const text = JSON.stringify(await this.sources[name]());
    return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` };
  }
}
