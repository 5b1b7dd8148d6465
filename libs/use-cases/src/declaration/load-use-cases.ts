import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf } from '@parley/platform/errors';
import type { Components } from '../components/component.js';
import { overlay } from '../settings/overlay.js';
import { resolveSession } from '../settings/resolve.js';
import type { UseCase } from '../use-case.js';
import { loadUseCase } from './check-declaration.js';
import { DeclarationError, type DeclarationProblem, type UseCaseSource } from './declaration.js';
import { deploymentUseCase } from './deployment-folder.js';
import { readYamlFile } from './yaml-file.js';

const YAML = /\.ya?ml$/;

export interface LoadOptions {
  readonly builtIn: readonly UseCaseSource[];
  readonly components: Components;
  /** A deployment's own use cases (folders) and layers over others (YAML files); absent is as good as empty. */
  readonly dir: string;
}

/**
 * All use cases of this program and deployment, in the order in which they are listed.
 * @throws DeclarationError with everything that is wrong with any of them
 */
export function loadUseCases({ builtIn, components, dir }: LoadOptions): ReadonlyMap<string, UseCase> {
  const problems: DeclarationProblem[] = [];
  const attempt = <T>(load: () => T): T | undefined => collect(problems, load);
  const entries = existsSync(dir) ? (attempt(() => readdirSync(dir, { withFileTypes: true })) ?? []) : [];
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => deploymentUseCase(join(dir, name)));
  const useCases = new Map<string, UseCase>();
  for (const source of [...builtIn, ...folders]) {
    const loaded = attempt(() => loadUseCase(source, components));
    if (loaded === undefined) continue;
    if (useCases.has(loaded.id))
      problems.push({ file: source.place, pointer: '/id', reason: 'is the id of another one' });
    else useCases.set(loaded.id, loaded);
  }
  for (const { name } of entries.filter((entry) => entry.isFile() && YAML.test(entry.name))) {
    const file = join(dir, name);
    const useCase = useCases.get(name.replace(YAML, ''));
    if (useCase === undefined) problems.push({ file, pointer: '', reason: 'is named as no use case' });
    else attempt(() => useCases.set(useCase.id, layOver(useCase, file, components)));
  }
  if (problems.length > 0) throw new DeclarationError(problems);
  return useCases;
}

/** Layer 2: a deployment's file over one use case. */
function layOver(useCase: UseCase, path: string, components: Components): UseCase {
  const file = readYamlFile(path);
  const parsed = overlay.safeParse(file.value ?? {});
  if (!parsed.success) {
    throw new DeclarationError(parsed.error.issues.map((issue) => file.problem(issue.path, issue.message)));
  }
  const { settings, findings } = useCase.settings.over(parsed.data);
  const listed = useCase.components.map((name) => components.get(name));
  const all = [...findings, ...resolveSession(settings, listed, []).findings];
  if (all.length === 0) return { ...useCase, settings };
  throw new DeclarationError(all.map(({ pointer, detail }) => file.problem(pathOf(pointer), detail)));
}

function collect<T>(problems: DeclarationProblem[], load: () => T): T | undefined {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof DeclarationError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
