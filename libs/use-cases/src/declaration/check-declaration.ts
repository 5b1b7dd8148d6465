import type { Components } from '../components/component.js';
import { builtInPersona } from '../personas/built-in.js';
import { EffectiveSettings } from '../settings/effective-settings.js';
import { resolveSession } from '../settings/resolve.js';
import type { SettingSpace } from '../settings/setting-space.js';
import { kindOf } from '../settings/value-schema.js';
import type { UseCase } from '../use-case.js';
import { checkExamples, readExamples } from './check-examples.js';
import {
  type Declaration,
  DeclarationError,
  type DeclarationProblem,
  type ReportProblem,
  type UseCaseSource,
} from './declaration.js';
import { PERSONA_PLACEHOLDER, placeholdersOf } from './prompt-template.js';
import { buildSpace } from './setting-table.js';

/**
 * Reads a declaration and checks it against the components of this program.
 * @throws DeclarationError with everything that is wrong with it
 */
export function loadUseCase(source: UseCaseSource, components: Components): UseCase {
  const declaration = readSource(source);
  const problems: DeclarationProblem[] = [];
  const report: ReportProblem = (pointer, reason) =>
    problems.push({ file: source.place, line: declaration.lineOf?.(pointer), pointer, reason });
  if (declaration.id !== source.id) report('/id', `must be ${source.id}, as its place is named`);
  checkComponents(declaration, components, report);
  // What follows looks settings up in the components: without them every name would be reported as unknown.
  if (problems.length > 0) throw new DeclarationError(problems);
  const space = buildSpace(declaration, components, report);
  checkNames(declaration, space, report);
  checkSwitches(declaration, report);
  checkPersonas(declaration, report);
  checkPrompts(declaration, report);
  if (problems.length > 0) throw new DeclarationError(problems);
  const useCase = toUseCase(declaration, space, report);
  const listed = useCase.components.map((name) => components.get(name));
  for (const { pointer, detail } of resolveSession(useCase.settings, listed, []).findings) report(pointer, detail);
  if (!source.builtIn) checkExamples(useCase, components, report);
  if (problems.length > 0) throw new DeclarationError(problems);
  return useCase;
}

function toUseCase(declaration: Declaration, space: SettingSpace, report: ReportProblem): UseCase {
  const { settings: _, context: __, lineOf: ___, ...plain } = declaration;
  return {
    ...plain,
    required: new Set([...declaration.required, declaration.answers]),
    settings: EffectiveSettings.of(space),
    examples: readExamples(declaration.examples, report),
  };
}

function readSource(source: UseCaseSource): Declaration {
  try {
    return source.read();
  } catch (error) {
    if (error instanceof DeclarationError) throw error;
    const reason = error instanceof Error ? error.message : 'cannot be read';
    throw new DeclarationError([{ file: source.place, pointer: '', reason }]);
  }
}

function checkComponents(declaration: Declaration, components: Components, report: ReportProblem): void {
  for (const [index, name] of declaration.components.entries()) {
    if (components.find(name) === undefined) report(`/components/${index}`, `${name} is not part of this program`);
  }
  if (!declaration.components.includes(declaration.answers)) report('/answers', 'is not in components');
  else if (components.find(declaration.answers)?.answer === undefined) report('/answers', 'cannot answer');
  for (const [index, name] of declaration.required.entries()) {
    if (!declaration.components.includes(name)) report(`/required/${index}`, 'is not in components');
  }
}

function checkNames(declaration: Declaration, space: SettingSpace, report: ReportProblem): void {
  for (const [index, name] of declaration.admin_only.entries()) {
    if (space.find(name) === undefined) report(`/admin_only/${index}`, `${name} is no setting`);
  }
  for (const [name, member] of Object.entries(declaration.context)) {
    if (member === true && space.find(name) === undefined) report(`/context/${name}`, 'is no setting');
  }
}

function checkSwitches({ switches, settings, components, answers }: Declaration, report: ReportProblem): void {
  for (const [name, component] of Object.entries(switches)) {
    const pointer = `/switches/${name}`;
    const setting = settings[name];
    if (setting === undefined || kindOf(setting.schema) !== 'boolean') report(pointer, 'is no own boolean setting');
    if (!components.includes(component)) report(pointer, `${component} is not in components`);
    if (component === answers) report(pointer, 'would switch the answering component off');
  }
}

function checkPersonas({ personas, persona_setting: chooser, settings }: Declaration, report: ReportProblem): void {
  for (const [index, slug] of personas.entries()) {
    if (builtInPersona(slug) === undefined) report(`/personas/${index}`, 'is no built-in persona');
  }
  if (chooser === undefined) return;
  const choices = settings[chooser]?.schema.enum;
  if (choices === undefined) report('/persona_setting', 'is no own setting with choices');
  const strange = choices?.find((slug) => !personas.some((persona) => persona === slug));
  if (strange !== undefined) report(`/settings/${chooser}`, `offers ${strange}, which is not in personas`);
}

function checkPrompts(declaration: Declaration, report: ReportProblem): void {
  if (declaration.prompts.system === undefined) report('/prompts', 'has no system.md');
  const known = new Set([...Object.keys(declaration.settings), PERSONA_PLACEHOLDER]);
  for (const [name, template] of Object.entries(declaration.prompts)) {
    for (const placeholder of placeholdersOf(template)) {
      if (!known.has(placeholder)) report(`/prompts/${name}`, `names the unknown placeholder {{${placeholder}}}`);
    }
  }
}
