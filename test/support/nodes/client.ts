/** A signed-in user of one node, over plain HTTP: what the suites speak with. */
export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface Call {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

let users = 0;

export class ParleyClient {
  constructor(
    readonly url: string,
    public token: string | null = null,
  ) {}

  /** Registers a fresh user and signs in. */
  static async register(url: string, name = `user${process.pid}x${Date.now()}x${users++}`): Promise<ParleyClient> {
    const client = new ParleyClient(url);
    const account = { email: `${name}@example.com`, username: name, password: 'correct-horse-battery-staple' };
    const made = await client.call('/auth/register', { method: 'POST', body: account });
    if (made.status !== 201) throw new Error(`register answered ${made.status} ${JSON.stringify(made.body)}`);
    const pair = await client.call('/auth/login', {
      method: 'POST',
      body: { email: account.email, password: account.password },
    });
    client.token = String(pair.body['access_token']);
    return client;
  }

  /** The same user on another node. */
  on(url: string): ParleyClient {
    return new ParleyClient(url, this.token);
  }

  async call<T = Record<string, unknown>>(
    path: string,
    { method = 'GET', body, headers = {} }: Call = {},
  ): Promise<Answer<T>> {
    const response = await this.fetch(path, { method, body, headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
  }

  fetch(path: string, { method = 'GET', body, headers = {} }: Call = {}, signal?: AbortSignal): Promise<Response> {
    return fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        ...(this.token === null ? {} : { Authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }
}
