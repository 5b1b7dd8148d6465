/** Who speaks: the part of a persona that a prompt is made from. */
export interface BuiltInPersona {
  readonly slug: string;
  readonly name: string;
  readonly traits: readonly string[];
  readonly expertise: readonly string[];
  readonly instructions: string;
}

const PUBLIC_AFFAIRS = ['public affairs'];

/** The personas that every installation has: global, read-only, named as their slug in words. */
export const BUILT_IN_PERSONAS: readonly BuiltInPersona[] = [
  persona('default', ['balanced', 'helpful'], ['general']),
  persona(
    'helpful_assistant',
    ['helpful', 'professional', 'knowledgeable'],
    ['general', 'productivity', 'information'],
  ),
  persona(
    'creative_writer',
    ['creative', 'imaginative', 'expressive'],
    ['literature', 'creative writing', 'storytelling'],
  ),
  persona(
    'technical_expert',
    ['analytical', 'precise', 'detail-oriented'],
    ['technology', 'programming', 'engineering'],
  ),
  persona('language_teacher', ['patient', 'encouraging', 'educational'], ['linguistics', 'education', 'communication']),
  persona('storyteller', ['engaging', 'dramatic', 'narrative'], ['narrative', 'entertainment', 'literature']),
  persona('tutor', ['patient', 'explanatory', 'supportive'], ['education', 'learning', 'academic subjects']),
  persona('analyst', ['logical', 'data-driven', 'systematic'], ['analysis', 'statistics', 'research']),
  persona('creative', ['creative', 'innovative', 'imaginative'], ['ideas', 'design', 'invention']),
  persona('pragmatist', ['practical', 'realistic', 'solution-oriented'], ['planning', 'operations', 'risk']),
  persona(
    'business_advisor',
    ['strategic', 'commercial', 'direct'],
    ['strategy', 'finance', 'marketing', 'management'],
  ),
  persona('moderator', ['neutral', 'fair', 'concise'], ['moderation', 'synthesis']),
  persona('critic', ['sceptical', 'rigorous'], ['finding flaws']),
  persona('supporter', ['constructive', 'optimistic'], ['finding strengths']),
  persona('conservative', ['prudent'], PUBLIC_AFFAIRS),
  persona('liberal', ['reform-minded'], PUBLIC_AFFAIRS),
  persona('moderate', ['even-handed'], PUBLIC_AFFAIRS),
  persona('generalist', ['broad', 'clear'], ['general']),
  persona(
    'specialist',
    ['deep', 'exact'],
    [],
    'Answer as the specialist of the field that the question belongs to: name the field, use its terms exactly, and say where it ends.',
  ),
];

const bySlug = new Map(BUILT_IN_PERSONAS.map((one) => [one.slug, one]));

export function builtInPersona(slug: string): BuiltInPersona | undefined {
  return bySlug.get(slug);
}

/** How a system prompt begins: `You are <name>.`, then traits, expertise, instructions, a line each. */
export function personaOpening({ name, traits, expertise, instructions }: BuiltInPersona): string {
  const lines = [`You are ${name}.`];
  if (traits.length > 0) lines.push(`Your traits: ${traits.join(', ')}.`);
  if (expertise.length > 0) lines.push(`Your expertise: ${expertise.join(', ')}.`);
  if (instructions !== '') lines.push(instructions);
  return lines.join('\n');
}

function persona(
  slug: string,
  traits: readonly string[],
  expertise: readonly string[],
  instructions = '',
): BuiltInPersona {
  const words = slug.split('_').map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return { slug, name: words.join(' '), traits, expertise, instructions };
}
