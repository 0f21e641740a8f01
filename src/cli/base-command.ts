/**
 * The frame of every command: flags and arguments parsed, messages to stderr, the result and nothing else to stdout, signals turned
 * into an AbortSignal, every failure into one ExhibitError. oclif's own --json is not used: it collapses exit codes to 1
 * (oclif/core#1423), spreads every property of an error and prints nothing for a falsy result.
 */
import { Command, type Interfaces } from '@oclif/core';
import { systemClock } from '../lib/clock.js';
import type { Answers } from './confirm.js';
import { Context } from './context.js';
import { type Environment, readEnvironment, variableOf } from './environment.js';
import { baseFlags, type OutputFormat } from './flags.js';
import { asInstalled } from './as-called.js';
import { goingOn } from './going-on.js';
import { openIo } from './io-host.js';
import type { CommandOutcome, CommandReport } from './outcome.js';
import { printResult } from './print-result.js';
import { type Interruption, listenForInterruption } from './signals.js';
import { type RememberingIo, remembering } from './remembering-io.js';
import { toExhibitError } from './to-exhibit-error.js';
import { writeStderr } from './write-stderr.js';

type BaseFlags = Interfaces.InferredFlags<(typeof BaseCommand)['baseFlags']>;

export abstract class BaseCommand<T extends typeof Command> extends Command {
  static override baseFlags = baseFlags;

  protected flags!: BaseFlags & Interfaces.InferredFlags<T['flags']>;
  protected args!: Interfaces.InferredArgs<T['args']>;
  protected environment!: Environment;
  protected io!: RememberingIo;
  protected interruption!: Interruption;
  #context: Context | undefined;

  /** Adapters, wired on first use: a command that needs none works with a broken configuration. */
  protected get context(): Context {
    this.#context ??= new Context({
      environment: this.environment,
      io: this.io,
      signal: this.interruption.signal,
      root: this.config.root,
      version: this.config.version,
      caseFlag: this.flags.case,
      answers: this.answers,
    });
    return this.#context;
  }

  override async init(): Promise<void> {
    await super.init();
    this.environment = readEnvironment();
    const { args, flags } = await this.parse({
      flags: this.ctor.flags,
      baseFlags,
      args: this.ctor.args,
      strict: this.ctor.strict,
    });
    // The framework infers these types from the class; inside the generic base they are known only by that name.
    this.flags = flags as typeof this.flags;
    this.args = args as typeof this.args;
    this.io = remembering(
      openIo({
        environment: this.environment,
        clock: systemClock,
        verbosity: this.#verbosity(),
        events: this.flags.events,
        writeStderr,
      }),
    );
    this.interruption = listenForInterruption({
      onSoft: (name) => {
        this.io.emit(
          'INTERRUPTED_SOFT',
          `${name}: nothing new is started; what is being written is finished or dropped. Once more ends at once.`,
        );
      },
      onHard: () => {
        this.io.close();
        writeStderr(`Ended at once. What was committed is intact; go on with: ${this.goOn()}\n`);
      },
      goOn: this.goOn(),
      // eslint-disable-next-line n/no-process-exit -- The second signal must end the process whatever still runs.
      exit: (code) => process.exit(code),
    });
  }

  override async run(): Promise<CommandReport> {
    const outcome = await this.execute();
    this.io.close();
    const text = asInstalled(outcome.text, { bin: this.config.bin, root: this.config.root });
    await printResult(this.id ?? '', this.#format(), { ...outcome, text });
    const notice = outcome.notice ?? null;
    return { exitCode: notice?.exitCode ?? outcome.exitCode ?? 0, notice };
  }

  /** Flags -> request -> workflow -> result. */
  protected abstract execute(): Promise<CommandOutcome<object>>;

  protected override catch(error: Error): Promise<never> {
    const ownFlags = this.ctor.flags as Interfaces.FlagInput | undefined;
    const thrown = toExhibitError(error, {
      command: (this.id ?? '').replaceAll(':', ' '),
      bin: this.config.bin,
      flagNames: [...Object.keys(ownFlags ?? {}), ...Object.keys(baseFlags)],
      interrupted: (this.interruption as Interruption | undefined)?.reason() ?? null,
    });
    const progress = (this.io as RememberingIo | undefined)?.lastProgress() ?? null;
    return Promise.reject(goingOn(thrown, { command: () => this.goOn(), progress }));
  }

  /** The command that goes on after an interruption: the same one, where it leaves nothing half done. */
  protected goOn(): string {
    return `exhibit ${(this.id ?? '').replaceAll(':', ' ')}`;
  }

  protected override async finally(): Promise<void> {
    // Both are missing when the flags could not be parsed.
    try {
      (this.interruption as Interruption | undefined)?.dispose();
      (this.io as RememberingIo | undefined)?.close();
    } finally {
      await this.#context?.close();
    }
  }

  /** Whether questions may be asked, and whether they are answered already. */
  protected get answers(): Answers {
    const mayAsk =
      this.environment.stdinIsTerminal &&
      !this.flags['no-input'] &&
      variableOf(this.environment, 'EXHIBIT_NO_INPUT') === undefined;
    return { yes: this.flags.yes, mayAsk, signal: this.interruption.signal };
  }

  #verbosity(): 'quiet' | 'normal' | 'verbose' {
    if (this.flags.quiet) return 'quiet';
    const debug = this.flags.debug || variableOf(this.environment, 'EXHIBIT_DEBUG') !== undefined;
    return this.flags.verbose || debug ? 'verbose' : 'normal';
  }

  #format(): OutputFormat {
    if (this.flags.json) return 'json';
    // A command whose --output names a file or a folder has no forms to choose from.
    // A command without flags of its own has none.
    const own = this.ctor.flags as Interfaces.FlagInput | undefined;
    const declared = own?.['output'] as { readonly options?: readonly string[] } | undefined;
    const { output = 'text' } = this.flags as { readonly output?: OutputFormat };
    return declared?.options === undefined ? 'text' : output;
  }
}
