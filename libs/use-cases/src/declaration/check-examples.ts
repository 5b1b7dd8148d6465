import type { FieldError } from '@parley/platform/errors';
import type { Components } from '../components/component.js';
import { groupOf } from '../settings/frozen.js';
import { resolveSession } from '../settings/resolve.js';
import type { UseCase } from '../use-case.js';
import { type Example, exampleSchema, type ReportProblem } from './declaration.js';

/** Examples by their shape alone. */
export function readExamples(given: readonly unknown[], report: ReportProblem): Example[] {
  if (given.length < 2 || given.length > 5) report('/examples', `has ${given.length} entries, not 2 to 5`);
  return given.flatMap((example, index) => {
    const parsed = exampleSchema.safeParse(example);
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues) report(`/examples/${index}/${path.join('/')}`, message);
    return [];
  });
}

/**
 * Examples are promises to readers: their settings and messages are accepted. Built-in ones are held to
 * it by the conformance suite, so that a start does not load what only an example needs.
 */
export function checkExamples(useCase: UseCase, components: Components, report: ReportProblem): void {
  for (const [index, example] of useCase.examples.entries()) {
    for (const { pointer, detail } of findings(useCase, components, example)) {
      report(`/examples/${index}${pointer}`, detail);
    }
  }
}

function findings({ settings, components: names }: UseCase, components: Components, example: Example): FieldError[] {
  const listed = names.map((name) => components.get(name));
  const readings = settings.readSession(example.settings ?? {});
  const resolved = resolveSession(settings, listed, readings);
  const message = { content: example.message, attachments: [] };
  const refused = listed.flatMap(
    (component) => component.accept?.(message, groupOf(resolved.settings, component.name)) ?? [],
  );
  return [...readings.flatMap(({ finding }) => finding ?? []), ...resolved.findings, ...refused];
}
