//! Any bytes as a reply command, or as the result of one: what can be read is written as it was read.

#![no_main]

use schemas::reply::{Command, CommandResult};

libfuzzer_sys::fuzz_target!(|value: &[u8]| {
    if let Ok(command) = serde_json::from_slice::<Command<'_>>(value) {
        let written = serde_json::to_string(&command).expect("a command can be written");
        let again: Command<'_> = serde_json::from_str(&written).expect("what was written can be read");
        assert_eq!(serde_json::to_string(&again).expect("a command can be written"), written);
    }
    if let Ok(result) = serde_json::from_slice::<CommandResult<'_>>(value) {
        let written = serde_json::to_string(&result).expect("a result can be written");
        let again: CommandResult<'_> = serde_json::from_str(&written).expect("what was written can be read");
        assert_eq!(serde_json::to_string(&again).expect("a result can be written"), written);
    }
});
