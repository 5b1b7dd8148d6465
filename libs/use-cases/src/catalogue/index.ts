import type { UseCaseSource } from '../declaration/declaration.js';
import { basicChat } from './basic-chat/basic-chat.use-case.js';

/** Every built-in use case, in the order in which they are listed. */
export const CATALOGUE: readonly UseCaseSource[] = [basicChat];
