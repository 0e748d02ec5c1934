//! The driver against a card in software and against cards that answer anything.

mod card;
mod in_software;
mod odd_answers;
mod pin_pad;
mod profiles;
mod rules;
mod script;
