import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { answering, component, type Declared, testUseCase } from '../components/component.factory.js';
import { Components } from '../components/component.js';
import { ACTOR, openUseCases, planInput, refusal } from '../use-cases.factory.js';
import { DeclarationError } from './declaration.js';
import { loadUseCases } from './load-use-cases.js';

const number = (value: number) => z.number().min(0).max(10).default(value).describe('a number');
const components = new Components([
  answering('text_chat', '', { settings: z.strictObject({ depth: number(3), level: number(1) }) }),
  component('memory'),
]);

describe('loading declarations', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'parley-use-cases-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function problems(load: () => unknown): string[] {
    try {
      load();
    } catch (error) {
      if (!(error instanceof DeclarationError)) throw error;
      return error.message
        .split('\n')
        .slice(1)
        .map((line) => line.trim().replace(`${dir}/`, ''));
    }
    return [];
  }

  function write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), text);
    }
  }

  const declare = (more: Partial<Declared>) =>
    testUseCase({ components: ['text_chat'], answers: 'text_chat', ...more });
  const load = (more: Partial<Declared> = {}) => loadUseCases({ builtIn: [declare(more)], components, dir });

  describe('a declaration', () => {
    it.each<[string, Partial<Declared>, string[]]>([
      [
        'an unknown component',
        { components: ['text_chat', 'search'] },
        ['test /components/1 search is not part of this program'],
      ],
      ['an answer from outside its list', { answers: 'memory' }, ['test /answers is not in components']],
      [
        'an answer from one that cannot',
        { components: ['memory'], answers: 'memory' },
        ['test /answers cannot answer'],
      ],
      ['a requirement of what is not listed', { required: ['memory'] }, ['test /required/0 is not in components']],
      [
        'a flat name for nothing',
        { expose: { deep: 'text_chat.deepness' } },
        ['test /expose/deep text_chat.deepness is no setting of its components'],
      ],
      [
        'two flat names for one setting',
        { expose: { a: 'text_chat.depth', b: 'text_chat.depth' } },
        ['test /expose/b text_chat.depth has another flat name already'],
      ],
      [
        'one name for two things',
        { settings: { text_chat: number(1) }, expose: { text_chat: 'text_chat.depth' } },
        [
          'test /settings/text_chat is the name of something else too',
          'test /expose/text_chat is the name of something else too',
        ],
      ],
      [
        'a default outside its bounds',
        { defaults: { 'text_chat.depth': 11 } },
        ['test /settings/text_chat/depth has a default that must be at most 10'],
      ],
      ['a default for nothing', { defaults: { deepness: 1 } }, ['test /defaults/deepness is no setting']],
      [
        'a setting without description',
        { settings: { x: z.boolean().default(true) } },
        ['test /settings/x has no description'],
      ],
      [
        'a setting without default',
        { settings: { x: z.boolean().describe('x') } },
        ['test /settings/x has no default'],
      ],
      ['a per-turn setting that there is not', { context: { nothing: true } }, ['test /context/nothing is no setting']],
      ['an admin setting that there is not', { admin_only: ['nothing'] }, ['test /admin_only/0 nothing is no setting']],
      [
        'a switch that is none',
        { switches: { x: 'memory' } },
        ['test /switches/x is no own boolean setting', 'test /switches/x memory is not in components'],
      ],
      ['a persona that there is not', { personas: ['nobody'] }, ['test /personas/0 is no built-in persona']],
      [
        'a chooser of personas without choices',
        { persona_setting: 'x' },
        ['test /persona_setting is no own setting with choices'],
      ],
      [
        'a prompt with an unknown placeholder',
        { prompts: { system: 'a {{nothing}} b {{persona}}' } },
        ['test /prompts/system names the unknown placeholder {{nothing}}'],
      ],
      ['no system prompt', { prompts: { other: '' } }, ['test /prompts has no system.md']],
      ['one example', { examples: [{ message: 'x', note: 'y' }] }, ['test /examples has 1 entries, not 2 to 5']],
      [
        'an example of the wrong shape',
        {
          examples: [
            { message: 'x', note: 'y' },
            { message: 'x', extra: 1 },
          ],
        },
        [
          'test /examples/1/note Invalid input: expected string, received undefined',
          'test /examples/1/ Unrecognized key: "extra"',
        ],
      ],
      [
        'an example that is refused',
        {
          examples: [
            { message: 'x', note: 'y' },
            { message: 'x', note: 'y', settings: { depth: 1 } },
          ],
        },
        ['test /examples/1/settings/depth depth is not known; the nearest known name is text_chat'],
      ],
    ])('is refused with %s', (_, more, expected) => {
      expect(problems(() => load(more))).toEqual(expected);
    });

    it('has defaults of its own, flat names, and settings for administrators', () => {
      const useCase = load({
        expose: { deep: 'text_chat.depth' },
        defaults: { deep: 7 },
        admin_only: ['text_chat.level'],
      }).get('test_case');
      expect(useCase?.settings.values().get('text_chat.depth')).toBe(7);
      const codes = useCase?.settings
        .readSession({ deep: 1, text_chat: { level: 2 } })
        .map(({ finding }) => finding?.code ?? null);
      expect(codes).toEqual([null, 'ADMIN_ONLY']);
    });

    it('is named in every problem of every declaration at once', () => {
      const builtIn = [declare({ personas: ['nobody'] }), declare({ id: 'other_case', personas: ['nobody'] })];
      expect(problems(() => loadUseCases({ builtIn, components, dir }))).toHaveLength(2);
    });

    it('has an id of its own', () => {
      expect(problems(() => loadUseCases({ builtIn: [declare({}), declare({})], components, dir }))).toEqual([
        'test /id is the id of another one',
      ]);
    });
  });

  describe('a deployment’s file', () => {
    const over = (yaml: string) => {
      write({ 'test_case.yaml': yaml });
      return load({ expose: { deep: 'text_chat.depth' } });
    };

    it('lays settings, bounds, locks and the switch over a use case', () => {
      const useCase = over(
        'settings:\n  deep: 5\nbounds:\n  deep: { maximum: 6 }\nlocked: [text_chat.level]\nenabled: false\n',
      ).get('test_case');
      expect(useCase?.settings.enabled).toBe(false);
      expect(useCase?.settings.values().get('text_chat.depth')).toBe(5);
      const codes = useCase?.settings
        .readSession({ deep: 7, text_chat: { level: 1 } })
        .map(({ finding }) => finding?.code);
      expect(codes).toEqual(['OUT_OF_BOUNDS', 'ADMIN_ONLY']);
    });

    it.each([
      [
        'settings:\n  deep: 5\n  depht: 6\n',
        ['test_case.yaml:3 /settings/depht depht is not known; the nearest known name is deep'],
      ],
      ['settings:\n  deep: 11\n', ['test_case.yaml:2 /settings/deep deep must be at most 10']],
      ['bounds:\n  deep:\n    maximum: 12\n', ['test_case.yaml:3 /bounds/deep deep widens maximum, which is 10']],
      ['\n\nlocked:\n  - deep\n  - nothing\n', ['test_case.yaml:5 /locked/1 nothing is no setting of this use case']],
      ['setings: {}\n', ['test_case.yaml:1 / Unrecognized key: "setings"']],
      ['enabled: maybe\n', ['test_case.yaml:1 /enabled Invalid input: expected boolean, received string']],
      ['enabled: true\nenabled: false\n', ['test_case.yaml:2 / Map keys must be unique at line 2, column 1:']],
      ['settings: [\n', [expect.stringMatching(/^test_case\.yaml:\d \/ Flow sequence/)]],
    ])('stops the start with file, line and key: %j', (yaml, expected) => {
      expect(problems(() => over(yaml))).toEqual(expected);
    });

    it('may be empty, and names a use case that there is', () => {
      expect(problems(() => over(''))).toEqual([]);
      write({ 'other_case.yml': '', 'notes.txt': 'ignored' });
      expect(problems(() => load())).toEqual(['other_case.yml / is named as no use case']);
    });
  });

  describe('a deployment’s own use case', () => {
    const declaration = [
      'id: help_desk',
      'title: Help desk',
      'description: Answers questions about our product.',
      'category: specialized',
      'version: 1',
      'components: [text_chat]',
      'answers: text_chat',
      'personas: [technical_expert]',
      'settings:',
      '  product: { type: string, default: Anvil, maxLength: 40, description: What it is about. }',
      'context:',
      '  product: true',
    ].join('\n');
    const files = {
      'help_desk/use-case.yaml': declaration,
      'help_desk/system.md': '{{persona}}\n\nYou help users of {{product}}.',
      'help_desk/examples.json': JSON.stringify([
        { message: 'How heavy is it?', note: 'A question.' },
        { message: 'Is there a blue one?', settings: { product: 'Hammer', temperature: 0 }, note: 'Another product.' },
      ]),
    };

    it('is a folder of data and works like one that ships', async () => {
      write(files);
      const open = await openUseCases({ dir });
      try {
        expect(open.catalogue.list(ACTOR, { limit: 50 }).items.map(({ name }) => name)).toEqual([
          'basic_chat',
          'help_desk',
        ]);
        const input = planInput({
          useCase: 'help_desk',
          sessionSettings: { max_context_messages: 2 },
          context: { product: 'Saw' },
        });
        const plan = open.planner.plan(ACTOR, input);
        expect(plan).toMatchObject({
          useCase: 'help_desk',
          historyLimit: 2,
          settings: { product: 'Saw', on_busy: 'queue' },
        });
        const bad = refusal(() => open.planner.plan(ACTOR, { ...input, context: { product: 'x'.repeat(41) } }));
        expect(bad.code).toBe('OUT_OF_BOUNDS');
      } finally {
        await open.close();
      }
    });

    it.each([
      [
        'help_desk/use-case.yaml',
        declaration.replace('version: 1', 'version: one'),
        'help_desk/use-case.yaml:5 /version Invalid input: expected number, received string',
      ],
      [
        'help_desk/use-case.yaml',
        declaration.replace('id: help_desk', 'id: helpdesk'),
        'help_desk/use-case.yaml:1 /id must be help_desk, as its place is named',
      ],
      [
        'help_desk/use-case.yaml',
        declaration.replace('maxLength: 40', 'format: date'),
        'help_desk/use-case.yaml:10 /settings/product Unrecognized key: "format"',
      ],
      [
        'help_desk/use-case.yaml',
        declaration.replace('Anvil', 'x'.repeat(41)),
        'help_desk/use-case.yaml:10 /settings/product has a default that must have at most 40 characters',
      ],
      [
        'help_desk/system.md',
        'You help with {{gadget}}.',
        'help_desk/use-case.yaml:1 /prompts/system names the unknown placeholder {{gadget}}',
      ],
      ['help_desk/examples.json', '{', 'help_desk/examples.json / is no list in JSON'],
    ])('stops the start where %s is bad', async (file, text, expected) => {
      write({ ...files, [file]: text });
      const opening = openUseCases({ dir }).then(
        () => null,
        (error: unknown) => error,
      );
      const failed = await opening;
      expect(problems(() => raise(failed))).toEqual([expected]);
    });

    it('needs its declaration', () => {
      mkdirSync(join(dir, 'empty'));
      expect(problems(() => load())).toEqual(['empty/use-case.yaml / cannot be read (ENOENT)']);
    });
  });
});

function raise(thrown: unknown): never {
  throw thrown instanceof Error ? thrown : new Error('nothing stopped the start');
}
