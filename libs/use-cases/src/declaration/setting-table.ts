import type { Component, Components } from '../components/component.js';
import { asType } from '../define-use-case.js';
import {
  checkDeclared,
  type DeclaredValue,
  declareValue,
  type Setting,
  SettingSpace,
} from '../settings/setting-space.js';
import type { Declaration, ReportProblem } from './declaration.js';

/** Component settings as declared, once per program: nine components serve every use case. */
const declaredOf = new WeakMap<Component, ReadonlyMap<string, DeclaredValue>>();

/** One table of everything that can be set in a use case: its own settings and those of its components. */
export function buildSpace(declaration: Declaration, components: Components, report: ReportProblem): SettingSpace {
  const settings = new Map<string, Setting>();
  const flat = flatNames(declaration, report);
  const facts = readFacts(declaration);
  const add = (path: string, declared: DeclaredValue) => {
    const name = flat.get(path) ?? path;
    const schema = { ...declared.schema, ...defaultFor(declaration, name, path) };
    const setting: Setting = { path, name, schema, check: declared.check, ...facts(name, path) };
    settings.set(path, setting);
    checkSetting(setting, report);
  };
  for (const [name, declared] of Object.entries(declaration.settings)) add(name, declared);
  for (const name of declaration.components) {
    for (const [member, declared] of declaredSettings(components.get(name))) add(`${name}.${member}`, declared);
  }
  for (const [name, path] of Object.entries(declaration.expose)) {
    if (!settings.has(path)) report(`/expose/${name}`, `${path} is no setting of its components`);
  }
  const own = Object.entries(declaration.context).flatMap(([name, member]) =>
    member === true ? [] : [[name, member] as const],
  );
  const space = new SettingSpace(settings, Object.fromEntries(own));
  for (const name of Object.keys(declaration.defaults)) {
    if (space.find(name) === undefined) report(`/defaults/${name}`, 'is no setting');
  }
  checkCollisions(
    declaration,
    own.map(([name]) => name),
    report,
  );
  return space;
}

function declaredSettings(component: Component): ReadonlyMap<string, DeclaredValue> {
  const known = declaredOf.get(component);
  if (known !== undefined) return known;
  const shape: Readonly<Record<string, unknown>> = component.settings.shape;
  const declared = new Map<string, DeclaredValue>();
  for (const [member, type] of Object.entries(shape)) declared.set(member, declareValue(asType(type)));
  declaredOf.set(component, declared);
  return declared;
}

function flatNames(declaration: Declaration, report: ReportProblem): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [name, path] of Object.entries(declaration.expose)) {
    if (flat.has(path)) report(`/expose/${name}`, `${path} has another flat name already`);
    flat.set(path, name);
  }
  return flat;
}

function readFacts(declaration: Declaration): (name: string, path: string) => Pick<Setting, 'perTurn' | 'adminOnly'> {
  const perTurn = new Set(
    Object.entries(declaration.context).flatMap(([name, member]) => (member === true ? name : [])),
  );
  const adminOnly = new Set(declaration.admin_only);
  return (name, path) => ({
    perTurn: perTurn.has(name) || perTurn.has(path),
    adminOnly: adminOnly.has(name) || adminOnly.has(path),
  });
}

function defaultFor({ defaults }: Declaration, name: string, path: string): { default?: unknown } {
  const given = [name, path].find((known) => Object.hasOwn(defaults, known));
  return given === undefined ? {} : { default: defaults[given] };
}

function checkSetting(setting: Setting, report: ReportProblem): void {
  const pointer = `/settings/${setting.path.replace('.', '/')}`;
  const { description, default: value } = setting.schema;
  if (description === undefined) report(pointer, 'has no description');
  if (value === undefined) report(pointer, 'has no default');
  else {
    const finding = checkDeclared(setting, setting.schema, value, pointer);
    if (finding !== null) report(pointer, `has a default that ${finding.detail}`);
  }
}

/** A name that leads to two things would make a layer mean two things. */
function checkCollisions(declaration: Declaration, contextOwn: readonly string[], report: ReportProblem): void {
  const seen = new Set<string>(declaration.components);
  const names = [
    ...Object.keys(declaration.settings).map((name) => [`/settings/${name}`, name] as const),
    ...Object.keys(declaration.expose).map((name) => [`/expose/${name}`, name] as const),
    ...contextOwn.map((name) => [`/context/${name}`, name] as const),
  ];
  for (const [pointer, name] of names) {
    if (seen.has(name)) report(pointer, 'is the name of something else too');
    seen.add(name);
  }
}
