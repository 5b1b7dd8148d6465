const PLACEHOLDER = /\{\{\s*([a-z][a-z0-9_]*)\s*\}\}/g;

/** Stands for the opening of the persona that speaks: `You are <name>.` and what follows. */
export const PERSONA_PLACEHOLDER = 'persona';

/** Names of the placeholders in a prompt, each once. */
export function placeholdersOf(template: string): string[] {
  return [...new Set([...template.matchAll(PLACEHOLDER)].map(([, name]) => name ?? ''))];
}

/** Puts values in the place of placeholders. What a value itself holds is text and is not looked at again. */
export function fillTemplate(template: string, textOf: (name: string) => string): string {
  return template.replace(PLACEHOLDER, (_, name: string) => textOf(name)).trim();
}
