import { Command, CommanderError } from 'commander';
import { configCommand } from './config.command.js';
import { doctorCommand } from './doctor.command.js';
import { jobsCommand } from './jobs.command.js';
import { keyCommand } from './key.command.js';
import { migrateCommand } from './migrate.command.js';
import { EXIT, EXIT_HELP, type ExitCode, type Outcome } from './outcome.js';
import type { Perform } from './perform.js';
import { userCommand } from './user.command.js';
import type { World } from './world.js';

/** Runs one command line and says how it went. Never throws. */
export async function run(args: readonly string[], world: World): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const perform: Perform =
    (work) =>
    async (...given) => {
      const command = given.at(-1);
      if (!(command instanceof Command)) throw new Error('commander hands the command over last');
      const { json = false, ...options } = command.optsWithGlobals<{ json?: boolean }>();
      const outcome = await attempt(() => work(options, command.args));
      exitCode = outcome.exitCode;
      if (json) world.out(`${JSON.stringify(outcome.json, null, 2)}\n`);
      else (outcome.broken === true ? world.err : world.out)(`${outcome.text}\n`);
    };
  if (args[0] === '--version' || args[0] === '-V') {
    const { programVersion } = await import('./version.js');
    world.out(`${programVersion()}\n`);
    return exitCode;
  }
  try {
    await assemble(world, perform).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.ok;
    if (args.includes('--json')) world.out(`${JSON.stringify(refusedArguments(error), null, 2)}\n`);
    return EXIT.usage;
  }
}

/** In the shape of every other failure; commander has said the same on standard error. */
function refusedArguments({ message }: CommanderError): object {
  return { error: { code: 'USAGE', message: message.replace(/^error: /, '') } };
}

async function attempt(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    const { explainFailure } = await import('./failure.js');
    return explainFailure(error);
  }
}

function assemble(world: World, perform: Perform): Command {
  const program = new Command('parley')
    .description('Operates a Parley installation: its database, accounts, configuration, jobs and keys.')
    .option('-V, --version', 'print the version of the program')
    .helpCommand(false)
    .showHelpAfterError('(add --help for what is possible)');
  const commands = [
    migrateCommand(world, perform),
    userCommand(world, perform),
    configCommand(world, perform),
    jobsCommand(world, perform),
    keyCommand(world, perform),
    doctorCommand(world, perform),
  ];
  for (const command of commands) program.addCommand(command);
  for (const command of [program, ...commands, ...commands.flatMap((each) => each.commands)]) {
    command
      .exitOverride()
      .configureOutput({ writeOut: world.out, writeErr: world.err })
      .addHelpText('after', EXIT_HELP);
    if (command.commands.length === 0) command.option('--json', 'one JSON document on standard output, failures too');
  }
  return program;
}
