import { z } from 'zod';
import type { ComponentName, Declaration, UseCaseSource } from '../declaration/declaration.js';
import { mapValues } from '../define-use-case.js';
import { declareValue } from '../settings/setting-space.js';
import type { Turn } from '../turn/turn.js';
import type { Component, Report } from './component.js';

export type Hooks = Partial<Component> & { readonly settings?: z.ZodObject };

/** A component of a test: it does what it is given, and nothing else. */
export function component(name: ComponentName, hooks: Hooks = {}): Component {
  return { name, settings: z.strictObject({}), capabilities: [name], takesMedia: false, ...hooks };
}

/** One that answers with fixed words. */
export function answering(name: ComponentName, text = 'the answer', hooks: Hooks = {}): Component {
  const answer = (turn: Turn): Promise<Report> => {
    const speech = turn.say({ type: 'agent', id: 'tester', name: 'Tester' });
    speech.write(text);
    speech.finish('stop');
    return Promise.resolve({ fields: { said: text } });
  };
  return component(name, { answer, ...hooks });
}

export interface Declared extends Partial<Omit<Declaration, 'settings' | 'context'>> {
  readonly components: ComponentName[];
  readonly answers: ComponentName;
  readonly settings?: Readonly<Record<string, z.ZodType>>;
  readonly context?: Readonly<Record<string, true | z.ZodType>>;
}

/** A use case of a test, complete but for what the test is about. */
export function testUseCase({ settings = {}, context = {}, ...more }: Declared): UseCaseSource {
  const declaration: Declaration = {
    id: 'test_case',
    title: 'Test case',
    description: 'A use case of a test.',
    category: 'basic',
    version: 1,
    required: [],
    expose: {},
    defaults: {},
    admin_only: [],
    switches: {},
    personas: [],
    tools: [],
    limits: {},
    prompts: { system: '{{persona}}' },
    calls: {},
    records: {},
    examples: [
      { message: 'one', note: 'first' },
      { message: 'two', note: 'second' },
    ],
    ...more,
    settings: mapValues(settings, declareValue),
    context: mapValues(context, (member) => (member === true ? true : declareValue(member))),
  };
  return { id: declaration.id, place: 'test', builtIn: false, read: () => declaration };
}
