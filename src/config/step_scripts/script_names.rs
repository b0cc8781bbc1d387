//! Words of steps that can name a script of a manifest.

use crate::config::said::has;
use crate::config::shell_code::split_commands;
use crate::config::step::GateStep;
use crate::config::step_programs::program_name;
use crate::config::wrappers::is_assignment;

/// Maximum number of pieces of code inside of each other.
const MAX_DEPTH: usize = 4;

/// Programs that run scripts of a manifest by their names.
const MANAGERS: &str = "npm pnpm yarn bun node deno composer npx bunx pnpx npm-run-all npm-run-all2 run-p \
     run-s wireit concurrently conc turbo nx lerna wsrun ultra nps corepack pipenv pdm rye pixi devbox \
     hatch poetry uv poe";

/// Returns the words of a step that can name a script of a manifest: those of its command, and
/// those of package managers in code.
pub(in crate::config) fn step_words(step: &GateStep) -> Vec<String> {
    let mut out = step.argv.clone();
    step.argv.iter().for_each(|word| add_words_of_code(word, 0, &mut out));
    out
}

fn is_manager(word: &str) -> bool {
    has(MANAGERS, program_name(word))
}

/// Adds the words of the commands in code that call a package manager, and of code in these.
fn add_words_of_code(code: &str, depth: usize, out: &mut Vec<String>) {
    if depth > MAX_DEPTH || !code.contains(char::is_whitespace) {
        return;
    }
    for command in split_commands(code) {
        let is_manager = command.words.iter().any(|word| is_manager(word) || names_manager(word));
        let inner = command.words.iter().filter(|word| word.len() < code.len());
        inner.for_each(|word| add_words_of_code(word, depth + 1, out));
        // The words of a list can be a command: `a=(npm run b)`.
        let values = command.words.iter().filter(|word| is_assignment(word));
        let values = values.filter_map(|word| word.split_once('='));
        values.for_each(|(_, value)| add_words_of_code(value, depth + 1, out));
        if is_manager {
            out.extend(command.words);
        }
    }
}

/// `npm:go` names a script with its manager.
fn names_manager(word: &str) -> bool {
    word.split_once(':').is_some_and(|(name, _)| matches!(name, "npm" | "pnpm" | "yarn" | "bun" | "node"))
}
