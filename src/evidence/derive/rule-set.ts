import type { RedactionRule, RedactionRules } from '../../model/redaction.js';
import type { RuleFinder } from './item-redactor.js';
import { JsonFinder } from './json-finder.js';
import { pathGlob } from './path-glob.js';
import { compilePattern, type PatternProgram } from './pattern-program.js';
import { TextFinder } from './text-finder.js';

interface CompiledRule {
  readonly rule: RedactionRule;
  readonly fits: (path: string) => boolean;
  readonly program: PatternProgram | null;
}

/** Rules that were compiled, and which of them fitted the path of any file. Throws `REDACTION_RULES_INVALID`. */
export class RuleSet {
  readonly #rules: readonly CompiledRule[];
  readonly #used = new Set<string>();

  constructor({ rules }: RedactionRules) {
    this.#rules = rules.map((rule) => {
      const globs = rule.paths.map(pathGlob);
      return {
        rule,
        fits: (path) => globs.some((glob) => glob(path)),
        program: rule.text === undefined ? null : compilePattern(rule.text, rule.id),
      };
    });
  }

  /** Ids of the rules by which the whole file goes. A function of the path alone. */
  removing(path: string): readonly string[] {
    return this.#fitting(path)
      .filter(({ rule }) => rule.remove === true)
      .map(({ rule }) => rule.id);
  }

  /** New finders for one file, in the order of the rules. */
  finders(path: string): readonly RuleFinder[] {
    return this.#fitting(path).flatMap(({ rule, program }): RuleFinder[] => {
      if (program !== null) return [{ rule: rule.id, isJson: false, finder: new TextFinder(program, rule.id) }];
      return rule.json === undefined ? [] : [{ rule: rule.id, isJson: true, finder: new JsonFinder(rule.json) }];
    });
  }

  /** Whether a file that the rule cannot read goes as a whole. */
  removesMalformed(id: string): boolean {
    return this.#rules.some(({ rule }) => rule.id === id && rule.json?.malformed === 'remove');
  }

  /** Ids of the rules that fitted no path until now: most often a slip in a glob. */
  unused(): readonly string[] {
    return this.#rules.map(({ rule }) => rule.id).filter((id) => !this.#used.has(id));
  }

  #fitting(path: string): readonly CompiledRule[] {
    const fitting = this.#rules.filter(({ fits }) => fits(path));
    for (const { rule } of fitting) this.#used.add(rule.id);
    return fitting;
  }
}
