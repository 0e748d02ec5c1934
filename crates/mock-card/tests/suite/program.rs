//! The shipped binary against a reader driver of our own: the protocol of vsmartcard's, on a socket.
//!
//! That the real driver and pcscd are content is for the end-to-end tests; here is what they cannot show.

use crate::{
    common::octets,
    harness::{Program, Reader, SELECT_JPKI},
};

const RIGHT_PIN: &str = "00200098 04 34363439";
const SIGN: &str = "802A0097 01 AA 00";

#[test]
fn the_reader_s_electronics_and_the_card_s_commands() {
    let mut reader = Reader::listen();
    let mut program = Program::start(&reader, "");
    // On (which `insert` tells), off and reset have no answer: the next answer is the next question's.
    program.insert(&mut reader);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets("00200098"), "63C3");
    reader.ask(&octets(RIGHT_PIN), "9000");
    reader.tell(&[0x02]);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets("802A0097 01 AA"), "6700");
    reader.tell(&[0x00]);
    reader.tell(&[0x01]);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets(SIGN), "6982");
    assert_eq!(program.tell("quit"), "ok quit");
    reader.assert_closed();
    assert!(program.wait().success());
}

#[test]
fn lines_steer_it() {
    let mut reader = Reader::listen();
    let mut program = Program::start(&reader, "auth_tries = 1");
    program.insert(&mut reader);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets("00200098"), "63C1");
    assert_eq!(program.tell("tries 2"), "ok tries 2");
    reader.ask(&octets("00200098"), "63C2");
    for (unfinished, told) in [
        ("tries", "error tries needs a number, 0 to 3"),
        ("sign-tries", "error sign-tries needs a number, 0 to 5"),
        ("fault", "error fault needs a plan: fault remove@7"),
    ] {
        let answer = program.tell(unfinished);
        assert!(answer.starts_with(told), "{answer}");
    }
    for refused in ["tries 4", "tries many", "sign-tries 6", "hello", "", "insert", "go on"] {
        assert!(program.tell(refused).starts_with("error "), "{refused}");
    }
    assert!(
        program.tell("help").contains("insert, remove, tries N, sign-tries N, reset-counters, fault PLAN")
    );
    assert_eq!(program.tell("remove"), "ok removed");
    reader.assert_closed();
    assert!(program.tell("remove").starts_with("error "));
    program.insert_again(&mut reader);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets("00200098"), "63C2");
}

#[test]
fn the_end_of_standard_input_is_not_the_end() {
    let mut reader = Reader::listen();
    let mut program = Program::start(&reader, "");
    program.insert(&mut reader);
    program.input = None;
    reader.ask(&octets(SELECT_JPKI), "9000");
}

#[test]
fn a_card_that_the_scenario_removes_can_be_put_in_again() {
    let mut reader = Reader::listen();
    let mut program = Program::start(&reader, "fault = \"remove@2\"");
    program.insert(&mut reader);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.tell(&octets("00200098"));
    reader.assert_closed();
    assert_eq!(program.line(), "event removed");
    program.insert_again(&mut reader);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets("00200098"), "63C3");
}

#[test]
fn a_reader_that_goes_away_ends_it_with_a_reason() {
    let mut reader = Reader::listen();
    let mut program = Program::start(&reader, "");
    program.insert(&mut reader);
    let address = reader.address.clone();
    drop(reader);
    assert!(!program.wait().success());
    assert!(program.errors().contains(&format!("the virtual reader (vpcd) at {address} is gone")));
}

#[test]
fn a_reader_that_comes_late_is_waited_for() {
    // A port that was free a moment ago: taken, given back, and taken again when the program is on its way.
    let address = Reader::listen().address;
    let mut program = Program::start_at(&address, "");
    assert!(program.error().contains("waiting for the virtual reader"));
    program.write("tries 2");
    let mut reader = Reader::listen_at(&address);
    program.insert(&mut reader);
    // What was said meanwhile was heard.
    assert_eq!(program.line(), "ok tries 2");
}

#[test]
fn waiting_for_a_reader_can_be_ended() {
    let address = Reader::listen().address;
    let mut program = Program::start_at(&address, "");
    assert!(program.error().contains("waiting for the virtual reader"));
    assert_eq!(program.tell("quit"), "ok quit");
    assert!(program.wait().success());
}

#[test]
fn other_machines_are_no_place_for_test_keys() {
    let mut program = Program::start_at("192.0.2.1:35963", "");
    assert!(!program.wait().success());
    assert!(program.errors().contains("not a loopback address"));
    let mut program = Program::start_at("foo", "");
    assert!(!program.wait().success());
    let errors = program.errors();
    assert!(errors.contains("for instance 127.0.0.1:35963"), "{errors}");
}

#[test]
fn steps_are_played_without_a_reader() {
    let steps = "[[step]]\nsay = \"One.\"\ncommand = \"00 A4 00 00\"\nstatus = \"6A86\"\n\
                 [[step]]\nsay = \"Two.\"\ndo = \"power-cycle\"\ntries = 1\n";
    let mut program = Program::play(&format!("auth_tries = 1\n{steps}"));
    assert_eq!(["ok 1 One.", "ok 2 Two.", "2 steps, 0 failed"], [(); 3].map(|()| program.line()));
    assert!(program.wait().success());
    let mut program = Program::play(steps);
    assert_eq!(
        ["ok 1 One.", "FAILED 2 Two. (expected tries = 1, got 3)", "2 steps, 1 failed"],
        [(); 3].map(|()| program.line())
    );
    assert!(!program.wait().success());
    let mut program = Program::play("auth_tries = 1");
    assert_eq!(program.line(), "0 steps, 0 failed");
    assert!(!program.wait().success(), "nothing was shown");
}

#[test]
fn the_state_of_the_card_is_told() {
    let mut reader = Reader::listen();
    let mut program = Program::start(&reader, "");
    program.insert(&mut reader);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets(RIGHT_PIN), "9000");
    reader.ask(&octets("0020009B 06 303030303030"), "63C4");
    assert_eq!(
        program.tell("state"),
        "ok state auth_tries=3 sign_tries=4 auth_verified=true sign_verified=false powered=true inserted=true \
         commands=3 verifies=2 fault=none held=false"
    );
    assert_eq!(program.tell("sign-tries 1"), "ok sign-tries 1");
    assert_eq!(program.tell("tries 0"), "ok tries 0");
    assert!(program.tell("state").contains("auth_tries=0 sign_tries=1 "));
    assert_eq!(program.tell("reset-counters"), "ok reset-counters");
    assert!(program.tell("state").contains("auth_tries=3 sign_tries=5 "));
    assert_eq!(program.tell("warm-reset"), "ok warm-reset");
    reader.ask(&octets(RIGHT_PIN), "6A82");
    assert_eq!(program.tell("remove"), "ok removed");
    assert_eq!(
        program.tell("state"),
        "ok state auth_tries=3 sign_tries=5 auth_verified=false sign_verified=false powered=false inserted=false \
         commands=4 verifies=3 fault=none held=false"
    );
}

#[test]
fn a_card_without_pins_has_no_tries() {
    let mut reader = Reader::listen();
    let mut program = Program::start(&reader, "application = \"none\"\natr = \"contactless\"");
    program.insert(&mut reader);
    assert!(program.tell("state").contains("auth_tries=none sign_tries=none "));
}

#[test]
fn faults_come_by_line_and_are_counted_from_then() {
    let mut reader = Reader::listen();
    let mut program = Program::start(&reader, "");
    program.insert(&mut reader);
    reader.ask(&octets(SELECT_JPKI), "9000");
    assert_eq!(program.tell("fault spurious-6985@2"), "ok fault spurious-6985@2");
    assert!(program.tell("state").contains("fault=waiting"));
    reader.ask(&octets("00200098"), "63C3");
    reader.ask(&octets("00200098"), "6985");
    assert!(program.tell("state").contains("fault=happened"));
    program.tell("fault no-diagnosis@1");
    assert_eq!(program.tell("fault none"), "ok fault none");
    reader.ask(&octets("00200098"), "63C3");
    let refused = program.tell("fault explode@1");
    assert!(refused.starts_with("error there is no fault \"explode\"; there is: remove, "), "{refused}");
}

#[test]
fn a_warm_reset_from_elsewhere_is_only_seen_by_what_is_lost() {
    let mut reader = Reader::listen();
    let mut program = Program::start_with(&reader, &["--fault", "warm-reset@3"]);
    program.insert(&mut reader);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets(RIGHT_PIN), "9000");
    reader.ask(&octets(SIGN), "6A82");
    assert!(program.tell("state").contains("auth_verified=true"));
}

#[test]
fn what_others_must_do_is_told_and_waited_for() {
    let mut reader = Reader::listen();
    let mut program = Program::start_with(&reader, &["--fault", "hold@2"]);
    program.insert(&mut reader);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.tell(&octets("00200098"));
    assert_eq!(program.line(), "event hold 2");
    assert!(program.tell("state").ends_with("commands=1 verifies=0 fault=waiting held=true"));
    assert_eq!(program.tell("go on"), "ok go on");
    reader.hear("63C3");
    assert!(program.tell("state").ends_with("commands=2 verifies=0 fault=happened held=false"));

    program.tell("fault unplug@1");
    reader.tell(&octets("00200098"));
    assert_eq!(program.line(), "event unplug 1");
    assert_eq!(program.tell("go on"), "ok go on");
    reader.assert_closed();
    assert_eq!(program.line(), "event removed");
    program.insert_again(&mut reader);
}

#[test]
fn a_card_that_is_held_or_slow_can_be_taken_out() {
    for (fault, event) in [("hold@1", true), ("slow-answer@1:3600000", false)] {
        let mut reader = Reader::listen();
        let mut program = Program::start_with(&reader, &["--fault", fault]);
        program.insert(&mut reader);
        reader.tell(&octets(SELECT_JPKI));
        if event {
            assert_eq!(program.line(), "event hold 1");
        }
        assert_eq!(program.tell("remove"), "ok removed");
        reader.assert_closed();
        assert_eq!(program.tell("quit"), "ok quit");
        assert!(program.wait().success());
    }
}

#[test]
fn a_slow_answer_comes() {
    let mut reader = Reader::listen();
    let mut program = Program::start_with(&reader, &["--fault", "slow-answer@1:20"]);
    program.insert(&mut reader);
    reader.ask(&octets(SELECT_JPKI), "9000");
    assert!(program.tell("state").contains("fault=happened"));
}

#[test]
fn the_persona_comes_by_option() {
    let mut reader = Reader::listen();
    let mut program = Program::start_with(&reader, &["--persona", "child-under-15"]);
    program.insert(&mut reader);
    reader.ask(&octets(SELECT_JPKI), "9000");
    reader.ask(&octets("00B08800 03"), "008F00 9000");
}

#[test]
fn what_cannot_be_is_said_clearly() {
    for (args, told) in [
        (&["--persona", "nobody"][..], "\"nobody\" is no persona; there are: adult, child-under-15"),
        (&["--fault", "explode@7"], "there is no fault \"explode\"; there is: remove, remove-after, unplug"),
        (&["--fault", "remove"], "write FAULT@N, for instance remove@7, or seed:42"),
        (&["--scenario", "absent.toml"], "cannot read absent.toml"),
        (
            &["--card", "absent"],
            "there is no card \"absent\" in pki; there is: default; or make it: madoguchi-test-pki issue --pki pki --name absent",
        ),
        (&["--scenario", "pki/policy", "--play", "pki/policy"], "cannot be used with"),
        (
            &["--replay", "pki/policy"],
            "pki/policy cannot be replayed: line 1 does not say \"madoguchi-card-trace-1\"",
        ),
        (&["--trace", "pki/policy"], "cannot write the trace pki/policy"),
        (
            &["--persona", "expired"],
            "persona expired needs a card of its own; make it: madoguchi-test-pki issue --pki pki --name expired --not-before",
        ),
        (
            &["--persona", "next-generation-p384"],
            "issue --pki pki --name next-generation-p384 --key p384, then start with --card next-generation-p384",
        ),
    ] {
        let mut program = Program::start_with(&Reader::listen(), args);
        assert!(!program.wait().success(), "{args:?}");
        let errors = program.errors();
        assert!(errors.contains(told), "{args:?}: {errors}");
    }
    let empty = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(empty.path().join("pki")).expect("a folder");
    let mut program = Program::start_in(empty, "127.0.0.1:1", &[]);
    assert!(!program.wait().success());
    let errors = program.errors();
    assert!(
        errors.contains("pki is not a test PKI; make one: madoguchi-test-pki init --out pki"),
        "{errors}"
    );

    let mut program = Program::start(&Reader::listen(), "fault = \"remove@7\"\nauth_tires = 3");
    assert!(!program.wait().success());
    let errors = program.errors();
    assert!(
        errors.contains("scenario.toml is not a scenario") && errors.contains("line 2, column 1"),
        "{errors}"
    );
    assert!(errors.contains("auth_tires"), "{errors}");
}
