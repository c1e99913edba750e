import { existsSync } from 'node:fs';
import type { Policies } from '../../common/storage-policy.ts';
import { unquote, wireFromNative } from '../../common/text.ts';
import { helpText, parseOptions, type OptionSyntax, type ParsedOptions } from '../option-parser.ts';
import { quoted } from '../python-text.ts';
import { CommandEnd, type Terminal } from '../terminal.ts';

/** Whose nodes are asked for, and by which ring. */
export interface Question {
  /** Undefined when a policy names the ring. */
  readonly ringPath: string | undefined;
  readonly policyName: string | undefined;
  readonly swiftDir: string;
  /** Native text, empty where there is none. */
  readonly account: string;
  readonly container: string;
  readonly object: string;
  /** As given. */
  readonly partition: string | undefined;
  readonly allHandoffs: boolean;
}

const SYNTAX: OptionSyntax = {
  program: 'swift-get-nodes',
  usage: `swift-get-nodes [-a] <ring.gz> <account> [<container> [<object>]]
       swift-get-nodes [-a] <ring.gz> -p <partition>
       swift-get-nodes [-a] -P <policy> <account> [<container> [<object>]]
       swift-get-nodes [-a] -P <policy> -p <partition>

Shows which nodes hold an account, a container, an object or a partition, and
how to look for it there. The names may also be one argument with slashes.`,
  options: [
    { name: 'all', letter: 'a', kind: 'flag', doc: 'show all handoffs, not only as many as there are primaries' },
    { name: 'partition', letter: 'p', kind: 'text', doc: 'show the nodes of this partition' },
    { name: 'policy-name', letter: 'P', kind: 'text', doc: 'storage policy whose ring is asked' },
    { name: 'swift-dir', letter: 'd', kind: 'text', doc: 'folder of swift.conf and rings; /etc/swift unless given' },
    { name: 'quoted', letter: 'Q', kind: 'flag', doc: 'the names are percent-encoded' },
  ],
};

/** Reads the options; the policies are read after them. Throws CommandEnd. */
export function readOptions(argv: readonly string[]): ParsedOptions {
  return parseOptions(SYNTAX, argv);
}

/** Folder of swift.conf and rings. */
export function swiftDirOf(options: ParsedOptions): string {
  return options.text('swift-dir') ?? '/etc/swift';
}

/** Throws CommandEnd after showing the usage. */
export function readQuestion(options: ParsedOptions, policies: Policies, terminal: Terminal): Question {
  const refuse = (fault: string): never => {
    terminal.print(helpText(SYNTAX));
    throw new CommandEnd(1, `ERROR: ${fault}`, 'errors');
  };
  const policyName = options.text('policy-name') || undefined;
  const partition = options.text('partition') || undefined;
  const words = [...options.words];
  let ringPath: string | undefined;
  if (policyName !== undefined) {
    if (policies.byName(policyName) === undefined) refuse(`No policy named ${quoted(policyName)}`);
  } else if (words[0]?.endsWith('.ring.gz') === true) {
    ringPath = words.shift();
    if (!existsSync(ringPath as string)) refuse('Ring file does not exist');
  }
  const names = namesIn(options.has('quoted') ? words.map((word) => unquote(wireFromNative(word))) : words);
  if (ringPath === undefined && policyName === undefined) refuse('Need to specify policy_name or <ring.gz>');
  if (names.length === 0 && partition === undefined) refuse('No target specified');
  if (names.length > 3) refuse('Invalid arguments');
  const [account = '', container = '', object = ''] = names;
  return {
    ringPath,
    policyName,
    swiftDir: swiftDirOf(options),
    account,
    container,
    object,
    partition,
    allHandoffs: options.has('all'),
  };
}

/** One argument may hold all names, slashes between them; further slashes belong to the object. */
function namesIn(words: readonly string[]): readonly string[] {
  const [path] = words;
  if (words.length !== 1 || path === undefined) return words;
  const [account = '', container, ...object] = path.replace(/^\/+|\/+$/g, '').split('/');
  if (container === undefined) return [account];
  return object.length === 0 ? [account, container] : [account, container, object.join('/')];
}
