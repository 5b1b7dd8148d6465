import { defineErrors } from '@parley/platform/errors';

/** What use cases, their settings and their components may answer with. */
export const useCaseErrors = defineErrors({
  USE_CASE_UNKNOWN: {
    status: 400,
    title: 'There is no use case of this name.',
    remedy: 'Take a name from GET /chat/use-cases.',
  },
  USE_CASE_DISABLED: {
    status: 409,
    title: 'This use case is switched off here.',
    remedy: 'Ask an administrator to enable it; its history stays readable.',
  },
  UNKNOWN_KEY: {
    status: 400,
    title: 'A setting of this name does not exist.',
    remedy: 'Take names from settings_schema and context_schema of the use case.',
  },
  AMBIGUOUS_KEY: {
    status: 400,
    title: 'One setting is given under both of its names.',
    remedy: 'Give either the flat name or the nested one.',
  },
  INVALID_TYPE: {
    status: 400,
    title: 'A setting has a value of the wrong type.',
    remedy: 'Send the type that settings_schema shows; nothing is converted.',
  },
  OUT_OF_BOUNDS: {
    status: 400,
    title: 'A value lies outside its bounds.',
    remedy: 'Stay within the bounds that settings_schema shows.',
  },
  SETTING_REQUIRED: {
    status: 400,
    title: 'A setting needs another one to go with it.',
    remedy: 'Send the setting named in errors[] too.',
  },
  SETTINGS_CONFLICT: {
    status: 400,
    title: 'Two settings exclude each other.',
    remedy: 'Leave out one of the settings named in errors[].',
  },
  NOT_PER_TURN: {
    status: 400,
    title: 'This setting cannot be changed for one message.',
    remedy: 'Set it in the settings of the session; context_schema shows what a message may carry.',
  },
  ADMIN_ONLY: {
    status: 400,
    title: 'This setting is fixed for the whole organisation.',
    remedy: 'Leave it out; administrators change it for everybody.',
  },
  MEDIA_KIND_NOT_ALLOWED: {
    status: 400,
    title: 'This use case does not take attachments of this kind.',
    remedy: 'Leave the attachment out, or use a use case that takes it.',
  },
  INPUT_TOO_LONG: {
    status: 400,
    title: 'The message does not fit into what the model can read at once.',
    remedy: 'Shorten the message or the instructions, lower max_output_tokens, or choose a model that reads more.',
  },
  COMPONENT_TIMEOUT: {
    status: 504,
    title: 'A part of the turn took longer than it may.',
    remedy: 'Send the message again.',
  },
  BUDGET_EXCEEDED: {
    status: 402,
    title: 'The run has used up what it may spend.',
    remedy: 'Ask for less at once.',
  },
});
