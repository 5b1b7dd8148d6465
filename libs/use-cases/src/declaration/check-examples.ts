import type { Component, Components } from '../component.js';
import type { EffectiveSettings } from '../settings/effective-settings.js';
import { groupOf } from '../settings/frozen.js';
import { resolveSession } from '../settings/resolve.js';
import { type Declaration, type Example, exampleSchema, type ReportProblem } from './declaration.js';

/** Examples are promises to readers: their settings are accepted and their messages too. */
export function checkExamples(
  declaration: Declaration,
  settings: EffectiveSettings,
  components: Components,
  report: ReportProblem,
): Example[] {
  const listed = declaration.components.map((name) => components.get(name));
  checkDefaults(settings, listed, report);
  const { length } = declaration.examples;
  if (length < 2 || length > 5) report('/examples', `has ${length} entries, not 2 to 5`);
  return declaration.examples.flatMap((given, index) => {
    const parsed = exampleSchema.safeParse(given);
    if (parsed.success) {
      checkExample(parsed.data, settings, listed, (pointer, reason) => report(`/examples/${index}${pointer}`, reason));
      return parsed.data;
    }
    for (const { path, message } of parsed.error.issues) report(`/examples/${index}/${path.join('/')}`, message);
    return [];
  });
}

function checkDefaults(settings: EffectiveSettings, listed: readonly Component[], report: ReportProblem): void {
  for (const { pointer, detail } of resolveSession(settings, listed, []).findings) report(pointer, detail);
}

function checkExample(
  example: Example,
  settings: EffectiveSettings,
  listed: readonly Component[],
  report: ReportProblem,
): void {
  const readings = settings.readSession(example.settings ?? {});
  const resolved = resolveSession(settings, listed, readings);
  const message = { content: example.message, attachments: [] };
  const refused = listed.flatMap(
    (component) => component.accept?.(message, groupOf(resolved.settings, component.name)) ?? [],
  );
  const findings = [...readings.flatMap(({ finding }) => finding ?? []), ...resolved.findings, ...refused];
  for (const { pointer, detail } of findings) report(pointer, detail);
}
