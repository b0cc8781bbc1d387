//! The shells of Windows.

use super::Paths;
use super::folders::Folders;

/// Options of PowerShell with a value that is no script.
const VALUED: [&str; 11] = [
    "executionpolicy",
    "ep",
    "ex",
    "version",
    "inputformat",
    "outputformat",
    "configurationname",
    "configurationfile",
    "settingsfile",
    "windowstyle",
    "custompipename",
];

impl Paths {
    /// Collects the paths of `cmd /c CODE`.
    pub(super) fn collect_cmd(&mut self, rest: &[&str], folders: &Folders, depth: usize) {
        let code = rest.iter().skip_while(|word| word.starts_with('/')).copied().collect::<Vec<_>>();
        self.collect_code(&code.join(" ").replace('\\', "/"), folders, depth + 1);
    }

    /// Collects the script of PowerShell, or the paths of its code. Options have any case, and
    /// their start is enough.
    pub(super) fn collect_powershell(&mut self, rest: &[&str], folders: &Folders, depth: usize) {
        let mut folders = folders.clone();
        let mut words = rest;
        while let Some((word, behind)) = words.split_first() {
            words = behind;
            let code = |words: &[&str]| words.join(" ").replace('\\', "/");
            let Some(option) = word.strip_prefix(['-', '/']).map(str::to_lowercase) else {
                self.add_all(&folders, word, &[".ps1"]);
                return self.collect_code(&code(&[&[*word], behind].concat()), &folders, depth + 1);
            };
            let option = option.trim_start_matches('-');
            let is = |known: &str| !option.is_empty() && known.starts_with(option);
            if is("file") {
                return behind.first().into_iter().for_each(|file| self.add_all(&folders, file, &[".ps1"]));
            } else if is("command") || is("commandwithargs") || option == "cwa" {
                let code = code(behind);
                if ["iex ", "invoke-expression"].iter().any(|name| code.to_lowercase().contains(name)) {
                    // It runs text that other commands print.
                    self.add_unread(&[&code], &folders);
                }
                return self.collect_code(&code, &folders, depth + 1);
            } else if option == "wd" || (option.len() > 1 && is("workingdirectory")) {
                folders = behind.first().map_or(folders.clone(), |to| folders.enter(to));
                words = behind.get(1..).unwrap_or_default();
            } else if VALUED.iter().any(|known| is(known)) {
                words = behind.get(1..).unwrap_or_default();
            }
        }
    }
}
