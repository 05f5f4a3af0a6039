//! A ledger's file: it is answered, taken or refused as a whole or by its lines, and the same file again counts once.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealway_core::order::Past;
use sealway_core::{Core, Effect, Input};
use sealway_schemas::command::{Role, Signer};
use sealway_schemas::{DeviceId, Digest, Time};
use serde_json::{Value, json};

const NOW: Time = Time::from_ms(1_790_000_000_000);

struct Nothing;

impl Past for Nothing {
    fn versions(&self, _: &DeviceId, _: u64) -> Vec<Digest> {
        Vec::new()
    }
}

fn taken(core: &mut Core, (role, key): (Role, &str), command: &Value) -> bool {
    let by = Signer { user: "desk".parse().unwrap(), party: "carrier".parse().unwrap(), role };
    let input = Input::Command { by, key: key.to_owned(), body: command.to_string().into(), signature: None };
    let mut effects = Vec::new();
    core.handle(NOW, input, &Nothing, &mut effects);
    let answers: Vec<bool> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Accepted(_) => Some(true),
            Effect::Refused(_) => Some(false),
            _ => None,
        })
        .collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers[0]
}

fuzz_target!(|content: &str| {
    for format in ["json", "csv", "xml"] {
        let mut core = Core::default();
        let party = json!({"type": "register-party", "party": "carrier", "role": "carrier", "name_zh": "某", "name_en": "Some"});
        assert!(taken(&mut core, (Role::Admin, "party"), &party));
        let import = json!({"type": "import-ledger", "enterprise": "carrier", "reference": "L-1", "format": format, "content": content});
        let first = taken(&mut core, (Role::Carrier, "first"), &import);
        let postings = core.book().postings().count();
        assert_eq!(taken(&mut core, (Role::Carrier, "second"), &import), first);
        assert_eq!(core.book().postings().count(), postings);
    }
});
