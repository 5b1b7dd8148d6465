import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

/**
 * Prints every place of `libs/use-cases` at which a setting is read, as JSON: file, line, the setting's own
 * name, and the text range with what stands before and after the value that takes its place. Three ways of
 * reading are known: a member of settings, a destructured member, and the setting that chooses the persona.
 */
const ROOT = join(import.meta.dirname, '../../..');
const FOLDER = join(ROOT, 'libs/use-cases/src');
/** What a layer is read into before anybody uses it. */
const READERS = new Set(['read', 'readConversation', 'readPlan']);
const TYPES = new Set(['TextChatSettings']);
const NAMES = new Set(['settings', 'lengths']);

const names = new Set(process.argv.slice(2));

function isSettings(node) {
  if (ts.isIdentifier(node)) return NAMES.has(node.text);
  if (!ts.isCallExpression(node)) return false;
  const callee = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
  return ts.isIdentifier(callee) && READERS.has(callee.text);
}

function isDestructuredFrom(pattern) {
  const { parent } = pattern;
  if (ts.isVariableDeclaration(parent)) return parent.initializer !== undefined && isSettings(parent.initializer);
  return (
    ts.isParameter(parent) &&
    parent.type !== undefined &&
    ts.isTypeReferenceNode(parent.type) &&
    ts.isIdentifier(parent.type.typeName) &&
    TYPES.has(parent.type.typeName.text)
  );
}

function readAt(node) {
  if (ts.isPropertyAccessExpression(node) && names.has(node.name.text) && isSettings(node.expression)) {
    return { setting: node.name.text, before: '(', after: ')' };
  }
  if (ts.isBindingElement(node) && node.dotDotDotToken === undefined && isDestructuredFrom(node.parent)) {
    const member = (node.propertyName ?? node.name).text;
    if (names.has(member)) return { setting: member, before: `__absent: ${node.name.text} = `, after: '' };
  }
  if (ts.isElementAccessExpression(node) && node.argumentExpression.getText() === 'chooser') {
    return { setting: 'personality', before: '(', after: ')' };
  }
  return undefined;
}

function readsOf(file) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true);
  const found = [];
  const visit = (node) => {
    const read = readAt(node);
    if (read !== undefined) {
      const [start, end] = [node.getStart(), node.getEnd()];
      const line = source.getLineAndCharacterOfPosition(start).line + 1;
      found.push({ file: relative(ROOT, file), line, start, end, ...read });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

// What checks declarations when the program starts reads defaults, not what somebody has set.
const files = readdirSync(FOLDER, { recursive: true })
  .filter((name) => name.endsWith('.ts') && !/(spec|factory)\.ts$|^declaration\//.test(name))
  .map((name) => join(FOLDER, name))
  .sort();
process.stdout.write(JSON.stringify(files.flatMap(readsOf)));
