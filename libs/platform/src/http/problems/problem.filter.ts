import { type ArgumentsHost, Catch, type ExceptionFilter, NotFoundException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { answerProblem } from './answer-problem.js';
import { answerUnrouted } from './unrouted.js';

/** Whatever is thrown behind any route leaves as a problem document. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    // Gateways have filters of their own; what reaches this one from elsewhere is for its caller.
    if (host.getType() !== 'http') throw thrown;
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    // Nest throws this for addresses that no route takes; our own say NOT_FOUND by the catalogue.
    if (thrown instanceof NotFoundException && !response.headersSent) answerUnrouted(request, response);
    else answerProblem(request, response, thrown);
  }
}
