//! The front in a terminal, to residents the window of the card reader program: Japanese first, then English. Plain
//! lines, no colours, no cursor movement.

use std::fmt::Write as _;
use std::io;

use madoguchi_jpki_card::Pin;
use madoguchi_protocol::{ErrorCode, Lang, error_text};

use crate::keyboard::{Keyboard, Quiet};
use crate::{AgentError, Notice, Patience, Prompt, ShownRequest};

/// Asks on the terminal that the program was started in.
pub struct TerminalPrompt {
    keyboard: Keyboard,
    /// From the first question of a sign-in to its end.
    quiet: Option<Quiet>,
}

impl TerminalPrompt {
    /// Opens the terminal itself, so that redirected standard streams neither see a PIN nor feed one.
    pub fn open() -> Result<Self, AgentError> {
        Keyboard::open()
            .map(|keyboard| Self { keyboard, quiet: None })
            .map_err(|error: io::Error| AgentError::NoTerminal(error))
    }

    /// Shows `text` and asks. The text belongs to the question: what is typed once it can be read is an answer.
    fn yes(
        &mut self,
        text: &str,
        question: &str,
        echo: bool,
        patience: &Patience<'_>,
    ) -> Result<bool, ErrorCode> {
        let mut shown = format!("{text}{question}");
        loop {
            let line = self.keyboard.ask(&shown, echo, patience)?;
            if let Some(answer) = read_answer(line.as_str()) {
                return Ok(answer);
            }
            shown = format!("「はい」か「いいえ」でお答えください。/ Please answer yes or no.\r\n{question}");
        }
    }
}

impl Prompt for TerminalPrompt {
    fn ask_consent(&mut self, request: &ShownRequest<'_>, patience: &Patience<'_>) -> Result<(), ErrorCode> {
        // In this order: the one before puts the modes back.
        self.quiet = None;
        self.quiet = self.keyboard.quiet();
        let text = request_text(request);
        if self.yes(
            &text,
            "この内容でサインインしますか？ / Sign in? (はい yes / いいえ no): ",
            true,
            patience,
        )? {
            Ok(())
        } else {
            Err(ErrorCode::Declined)
        }
    }

    fn ask_pin(&mut self, tries_left: u8, patience: &Patience<'_>) -> Result<Pin, ErrorCode> {
        let question = "暗証番号 / PIN (表示されません / not shown): ";
        let mut shown = format!(
            "利用者証明用の暗証番号(4桁)を入力してください。あと{tries_left}回違うと使えなくなります。何も入れずにEnterで中止します。\r\n\
             Enter the 4-digit PIN for user authentication. Tries left: {tries_left}. Press Enter alone to stop.\r\n\
             {question}"
        );
        loop {
            let line = self.keyboard.ask(&shown, false, patience)?;
            if line.as_str().is_empty() {
                return Err(ErrorCode::Declined);
            }
            match Pin::parse(line.as_str()) {
                Ok(pin) => return Ok(pin),
                Err(_) => {
                    shown = format!(
                        "4桁の数字ではありません。カードには送っていません。/ Not four digits. Nothing was sent to the card.\r\n\
                         {question}"
                    );
                }
            }
        }
    }

    fn ask_pin_on_reader(&mut self, tries_left: u8, patience: &Patience<'_>) -> Result<(), ErrorCode> {
        patience.check()?;
        self.keyboard.show(&format!(
            "カードリーダーのボタンで、利用者証明用の暗証番号(4桁)を入力し、確定を押してください。あと{tries_left}回違うと使えなくなります。このパソコンには入力しないでください。\r\n\
             Type the 4-digit PIN for user authentication on the card reader and confirm there. Tries left: {tries_left}. Do not type it on this computer.\r\n"
        ));
        Ok(())
    }

    fn ask_reader_again(&mut self, patience: &Patience<'_>) -> Result<(), ErrorCode> {
        let text = "\r\nカードリーダーで4桁の数字が確定されませんでした。残りの回数は減っていません。/ No four digits were confirmed on the card reader. No try was used.\r\n";
        // Not shown: many type the PIN here all the same.
        if self.yes(
            text,
            "もう一度カードリーダーで入力しますか？ / Type on the card reader again? (はい yes / いいえ no): ",
            false,
            patience,
        )? {
            Ok(())
        } else {
            Err(ErrorCode::Declined)
        }
    }

    fn ask_last_try(&mut self, patience: &Patience<'_>) -> Result<(), ErrorCode> {
        let text = "\r\n【ご注意】暗証番号を入力できるのは、あと1回です。違うと使えなくなり、役所の窓口で設定し直すことになります。\r\n\
             WARNING: one try is left. If it is wrong, the PIN is blocked and your town office must set it again.\r\n";
        if self.yes(
            text,
            "それでも続けますか？ / Continue anyway? (はい yes / いいえ no): ",
            true,
            patience,
        )? {
            Ok(())
        } else {
            Err(ErrorCode::PinLastTry)
        }
    }

    fn ask_again(&mut self, tries_left: u8, patience: &Patience<'_>) -> Result<(), ErrorCode> {
        let text = format!(
            "\r\n暗証番号が違っていました。あと{tries_left}回です。/ Wrong PIN. Tries left: {tries_left}.\r\n"
        );
        // Not shown: many type the PIN here at once.
        if self.yes(
            &text,
            "もう一度入力しますか？ / Type it again? (はい yes / いいえ no): ",
            false,
            patience,
        )? {
            Ok(())
        } else {
            Err(ErrorCode::PinWrong)
        }
    }

    fn notice(&mut self, notice: Notice) {
        self.keyboard.show(&notice_text(notice));
    }

    fn tell_end(&mut self, result: Result<(), ErrorCode>, tries_left: Option<u8>) {
        self.keyboard.show(&end_text(result, tries_left));
        self.quiet = None;
    }
}

fn notice_text(notice: Notice) -> String {
    let text = match notice {
        Notice::ConnectReader => "カードリーダーをつないでください。/ Connect a card reader.\r\n",
        Notice::PlaceCard => {
            "マイナンバーカードをカードリーダーに置いてください。/ Place your My Number card on the card reader.\r\n"
        }
        Notice::CardInUse => {
            "ほかのプログラムがカードを使っています。終わるのを待っています。/ Another program is using the card. Waiting for it.\r\n"
        }
        Notice::CardUnreadable => {
            "カードを読めません。向きを確かめて、置き直してください。/ The card cannot be read. Check which way round it is and place it again.\r\n"
        }
        Notice::OtherCard => {
            "このカードは、マイナンバーカードではないようです。マイナンバーカードを置いてください。\r\n\
             This does not seem to be a My Number card. Place your My Number card.\r\n"
        }
        Notice::ReadingCard => "カードを読んでいます。/ Reading the card.\r\n",
        Notice::Signing => {
            "確認しています。カードを動かさないでください。/ Checking. Do not move the card.\r\n"
        }
        Notice::TryMayBeSpent { tries_left: None } => {
            "暗証番号の確認が、途中でうまくいかなくなりました。残りの回数が1回減ったかもしれません。\r\n\
             Something went wrong while the card was checking the PIN. One try may have been used.\r\n"
        }
        Notice::TryMayBeSpent { tries_left: Some(tries_left) } => {
            return format!(
                "暗証番号の確認が、途中でうまくいかなくなりました。カードによると、残りの回数はあと{tries_left}回です。\r\n\
                 Something went wrong while the card was checking the PIN. Tries left, says the card: {tries_left}.\r\n"
            );
        }
        Notice::WaitForService => {
            "パソコンの、カードリーダーを使うための機能が動くのを待っています。/ Waiting for the smart card service of this computer.\r\n"
        }
        Notice::Sending => "カードを外してもかまいません。/ You may remove the card.\r\n",
    };
    text.to_owned()
}

fn end_text(result: Result<(), ErrorCode>, tries_left: Option<u8>) -> String {
    let code = match result {
        Ok(()) => {
            return "\r\n完了しました。ブラウザーに戻ってください。/ Done. Go back to your browser.\r\n\r\n"
                .to_owned();
        }
        Err(code) => code,
    };
    let (ja, en) = (error_text(code, Lang::Japanese), error_text(code, Lang::English));
    let mut text = format!("\r\n{}\r\n{}\r\n{}\r\n{}\r\n", ja.what, ja.action, en.what, en.action);
    if let (ErrorCode::PinWrong, Some(tries_left)) = (code, tries_left) {
        // Writing to a String cannot fail.
        let _ = write!(text, "暗証番号は、あと{tries_left}回入力できます。/ Tries left: {tries_left}.\r\n");
    }
    let _ = write!(text, "({code})\r\n\r\n");
    text
}

fn request_text(request: &ShownRequest<'_>) -> String {
    let mut text = String::from(
        "\r\n── カードリーダーのプログラム / Card reader program ──\r\n\
         マイナンバーカードでサインイン / Sign in with your My Number card\r\n",
    );
    let japanese = request.display.text(Lang::Japanese);
    let english = request.display.text(Lang::English).filter(|english| english.lang == Lang::English);
    let mut row = |name: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = write!(text, "  {name}: {value}\r\n");
    };
    if let Some(japanese) = &japanese {
        row("自治体", &japanese.municipality);
        row("サービス", &japanese.service);
        row("目的", &japanese.purpose);
    }
    if let Some(english) = &english {
        row("Municipality", &english.municipality);
        row("Service", &english.service);
        row("Purpose", &english.purpose);
    }
    row("接続先 / Gateway", request.gateway.as_str());
    row("確認のことば / Words to compare", request.display.comparison_code());
    text.push_str(
        "確認のことばがブラウザーのページと同じかお確かめください。違うときは「いいえ」と答えてください。\r\n\
         Check that the words to compare are the same in your browser. If they differ, answer no.\r\n",
    );
    text
}

/// Yes, no, or neither. Nothing typed is no.
fn read_answer(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "はい" | "ハイ" | "hai" | "y" | "yes" | "ｙ" | "ｙｅｓ" => Some(true),
        "" | "いいえ" | "イイエ" | "iie" | "n" | "no" | "ｎ" | "ｎｏ" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use madoguchi_protocol::{Display, DisplayText, Origin};

    use super::*;

    #[test]
    fn answers_are_read_and_anything_else_is_asked_again() {
        for yes in ["はい", "yes", "Y", " yes ", "ｙ"] {
            assert_eq!(read_answer(yes), Some(true), "{yes}");
        }
        for no in ["", "いいえ", "no", "N"] {
            assert_eq!(read_answer(no), Some(false), "{no}");
        }
        for neither in ["1234", "ye", "はいはい", "\u{fffd}"] {
            assert_eq!(read_answer(neither), None, "{neither}");
        }
    }

    #[test]
    fn everything_of_the_display_is_shown() {
        let gateway = Origin::parse("https://madoguchi.example.jp").expect("an origin");
        let text = |lang, municipality: &str, service: &str, purpose: &str| DisplayText {
            lang,
            municipality: municipality.to_owned(),
            service: service.to_owned(),
            purpose: purpose.to_owned(),
        };
        let texts = [
            text(Lang::Japanese, "みどり市", "子育て手続き", "サインイン"),
            text(Lang::English, "Midori City", "Childcare procedures", "Sign in"),
        ];
        let display = Display::new("さくら・つみき", &texts).expect("a display");
        let shown = request_text(&ShownRequest { gateway: &gateway, display: &display });
        for part in [
            "https://madoguchi.example.jp",
            "さくら・つみき",
            "みどり市",
            "子育て手続き",
            ": サインイン",
            "Midori City",
            "Childcare procedures",
            ": Sign in",
        ] {
            assert!(shown.contains(part), "{part}");
        }
        assert!(shown.chars().all(|c| !c.is_control() || c == '\r' || c == '\n'));
    }

    #[test]
    fn the_end_after_a_wrong_pin_tells_the_tries_left() {
        assert!(end_text(Err(ErrorCode::PinWrong), Some(2)).contains("あと2回"));
        assert!(!end_text(Err(ErrorCode::PinWrong), None).contains("あと"));
        assert!(!end_text(Err(ErrorCode::CardRemoved), Some(2)).contains("Tries left"));
        assert!(end_text(Err(ErrorCode::CardRemoved), None).contains("(card_removed)"));
    }

    #[test]
    fn what_the_card_says_after_a_broken_verify_is_told() {
        assert!(notice_text(Notice::TryMayBeSpent { tries_left: Some(1) }).contains("あと1回です"));
        assert!(notice_text(Notice::TryMayBeSpent { tries_left: None }).contains("may have been used"));
    }
}
