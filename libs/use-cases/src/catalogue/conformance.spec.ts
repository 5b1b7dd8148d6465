import { Ajv2020 } from 'ajv/dist/2020.js';
import { checkExamples } from '../declaration/check-examples.js';
import { groupOf } from '../settings/frozen.js';
import type { UseCase } from '../use-case.js';
import { ACTOR, type OpenUseCases, openUseCases, planInput, refusal } from '../use-cases.factory.js';
import { layerOf, pointerTo, type SettingProbe, settingProbes } from './conformance.factory.js';
import { CATALOGUE } from './index.js';

/** What every folder of the catalogue must pass that needs no program around it. */
describe.each(CATALOGUE.map(({ id }) => id))('%s', (id) => {
  let open: OpenUseCases;
  let useCase: UseCase;
  let probes: SettingProbe[];
  beforeAll(async () => {
    open = await openUseCases();
    const found = open.catalogue.find(id);
    if (found === undefined) throw new Error(`${id} is not in the catalogue`);
    useCase = found;
    probes = settingProbes(useCase);
  });
  afterAll(() => open.close());

  const check = (settings: Record<string, unknown>) => open.planner.checkSessionSettings(ACTOR, id, settings);
  const plan = (more: Parameters<typeof planInput>[0]) => open.planner.plan(ACTOR, planInput({ useCase: id, ...more }));

  /** Settings that another setting needs to go with it. */
  const company = (probe: SettingProbe, value: unknown): Record<string, unknown> => {
    const { path } = probe.setting;
    if (path === 'text_chat.response_format' && value === 'json') return { json_schema: { type: 'object' } };
    if (path === 'text_chat.min_message_length') return { max_message_length: 32_000 };
    return {};
  };

  it('keeps its promises: two to five examples whose settings and messages are accepted', () => {
    const problems: string[] = [];
    checkExamples(useCase, open.components, (pointer, reason) => problems.push(`${pointer} ${reason}`));
    expect(problems).toEqual([]);
    expect(useCase.examples.length).toBeGreaterThanOrEqual(2);
    for (const { message, settings = {} } of useCase.examples) {
      expect(plan({ content: message, sessionSettings: settings }).useCase).toBe(id);
    }
  });

  it('is listed with everything that a reader needs', () => {
    const { settings_schema, context_schema, prompts, ...shown } = open.catalogue.get(ACTOR, id);
    expect(shown).toMatchObject({ name: id, components: useCase.components, enabled: true, version: useCase.version });
    expect(shown.title.length).toBeLessThanOrEqual(60);
    expect(shown.description.length).toBeLessThanOrEqual(400);
    expect(shown.capabilities.length).toBeGreaterThan(0);
    expect(Object.keys(prompts)).toContain('system');
    expect([settings_schema, context_schema]).toEqual([expect.any(Object), expect.any(Object)]);
  });

  it('serves JSON Schema 2020-12 that takes its own defaults and examples, and nothing unknown', () => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
    const { settings_schema, context_schema } = open.catalogue.get(ACTOR, id);
    const settings = ajv.compile(settings_schema);
    expect(settings({})).toBe(true);
    expect(settings({ nothing_like_this: 1 })).toBe(false);
    for (const example of useCase.examples) expect(settings(example.settings ?? {})).toBe(true);
    const defaults = probes.map((probe) => layerOf(probe.setting, useCase.settings.values().get(probe.setting.path)));
    for (const layer of defaults) expect([layer, settings(layer)]).toEqual([layer, true]);
    const context = ajv.compile(context_schema);
    expect(context({})).toBe(true);
    expect(context({ nothing_like_this: 1 })).toBe(false);
  });

  it('takes each setting at both of its bounds, and the schema agrees', () => {
    const schema = new Ajv2020({ strict: false }).compile(open.catalogue.get(ACTOR, id).settings_schema);
    for (const probe of probes.filter(({ setting }) => !setting.adminOnly)) {
      expect(probe.good.length).toBeGreaterThan(0);
      for (const value of probe.good) {
        const layer = { ...layerOf(probe.setting, value), ...company(probe, value) };
        expect(() => check(layer)).not.toThrow();
        expect([layer, schema(layer)]).toEqual([layer, true]);
      }
    }
  });

  it('refuses each setting just outside and of another type, with its pointer', () => {
    for (const { setting, bad } of probes.filter(({ setting }) => !setting.adminOnly)) {
      for (const { value, code } of bad) {
        const { code: found, errors } = refusal(() => check(layerOf(setting, value)));
        expect([setting.path, found]).toEqual([setting.path, code]);
        expect(errors[0]?.pointer.startsWith(pointerTo(setting, '/settings'))).toBe(true);
      }
    }
  });

  it('takes in a message what counts for a turn, for that turn only, and refuses the rest', () => {
    for (const probe of probes) {
      const { setting } = probe;
      const value = probe.good.at(-1);
      const context = { ...layerOf(setting, value), ...company(probe, value) };
      if (setting.perTurn) {
        const changed = plan({ context }).settings;
        expect(valueAt(changed, setting.path)).toEqual(value);
        expect(valueAt(plan({}).settings, setting.path)).toEqual(useCase.settings.values().get(setting.path));
      } else {
        const { code, errors } = refusal(() => plan({ context: layerOf(setting, value) }));
        expect([setting.path, code]).toEqual([setting.path, setting.adminOnly ? 'ADMIN_ONLY' : 'NOT_PER_TURN']);
        expect(errors[0]?.pointer).toBe(pointerTo(setting, '/context'));
      }
    }
  });

  it('takes null for every setting as: whatever holds below', () => {
    for (const { setting } of probes.filter(({ setting }) => !setting.adminOnly)) {
      expect(() => check(layerOf(setting, null))).not.toThrow();
      expect(plan({ sessionSettings: layerOf(setting, null) }).settings).toEqual(plan({}).settings);
    }
  });
});

function valueAt(settings: Readonly<Record<string, unknown>>, path: string): unknown {
  const [group, member] = path.split('.', 2);
  return group === undefined || member === undefined ? settings[path] : groupOf(settings, group)[member];
}
