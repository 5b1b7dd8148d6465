import { authErrors } from '@parley/auth';
import { llmErrors } from '@parley/llm';
import { cryptoErrors } from '@parley/platform/crypto';
import { sessionErrors } from '@parley/sessions';
import { useCaseErrors } from '@parley/use-cases';

/** What the libraries can answer with, besides the platform's own codes. */
export const errorCatalogues = [cryptoErrors, authErrors, llmErrors, useCaseErrors, sessionErrors];
