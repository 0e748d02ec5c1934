//! The agent's own sentences, in the three languages. What went wrong is told by
//! [`madoguchi_protocol::error_text`].

use madoguchi_protocol::Lang;

/// One sentence in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sentence {
    ja: &'static str,
    plain: &'static str,
    en: &'static str,
}

impl Sentence {
    /// The sentence in `lang`.
    pub(crate) fn text(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Japanese => self.ja,
            Lang::PlainJapanese => self.plain,
            Lang::English => self.en,
        }
    }
}

/// Title of the waiting page.
pub(crate) const WAITING: Sentence = Sentence {
    ja: "カードリーダーのプログラムの画面で続けてください",
    plain: "カードリーダーの プログラムの 画面(がめん)を 見(み)てください",
    en: "Please continue in the window of the card reader program",
};

/// What the waiting page asks for.
pub(crate) const WAITING_ACTION: Sentence = Sentence {
    ja: "このパソコンの、カードリーダーのプログラムの画面をご覧ください。終わると、このページは自動で切り替わります。",
    plain: "この パソコンの、カードリーダーの プログラムの 画面(がめん)を 見(み)てください。終(お)わると、この ページは 自動(じどう)で 変(か)わります。",
    en: "Look at the window of the card reader program on this computer. This page goes on by itself when you are done.",
};

/// Title of the page with the link.
pub(crate) const ASKING: Sentence = Sentence {
    ja: "マイナンバーカードでのサインインを始めますか？",
    plain: "マイナンバーカードで サインインを 始(はじ)めますか？",
    en: "Start signing in with your My Number card?",
};

/// What the page with the link says.
pub(crate) const ASKING_ACTION: Sentence = Sentence {
    ja: "ご自身でサインインを始めた場合だけ、下のリンクを押してください。覚えがなければ、このページを閉じてください。",
    plain: "自分(じぶん)で 始(はじ)めたときだけ、下(した)の リンクを 押(お)してください。わからないときは、この ページを 閉(と)じてください。",
    en: "Press the link below only if you started this yourself. If not, close this page.",
};

/// The link itself.
pub(crate) const START: Sentence =
    Sentence {
        ja: "サインインを始める", plain: "サインインを 始(はじ)める", en: "Start signing in"
    };

/// Which gateway would be asked.
pub(crate) const GATEWAY: Sentence =
    Sentence { ja: "接続先", plain: "つながる ところ", en: "Connects to" };

/// Title of the page for a second sign-in.
pub(crate) const BUSY: Sentence = Sentence {
    ja: "別のサインインが進んでいます",
    plain: "ほかの サインインを しています",
    en: "Another sign-in is in progress",
};

/// What the page for a second sign-in says.
pub(crate) const BUSY_ACTION: Sentence = Sentence {
    ja: "先のサインインを終えるか中止すると、こちらが自動で始まります。",
    plain: "前(まえ)の サインインが 終(お)わると、この サインインが 自動(じどう)で 始(はじ)まります。",
    en: "When the other one is finished or stopped, this one starts by itself.",
};

#[cfg(test)]
mod tests {
    use madoguchi_protocol::kanji_without_reading;

    use super::*;

    const ALL: [Sentence; 8] =
        [WAITING, WAITING_ACTION, ASKING, ASKING_ACTION, START, GATEWAY, BUSY, BUSY_ACTION];

    #[test]
    fn every_sentence_is_in_its_language() {
        for sentence in ALL {
            for lang in Lang::ALL {
                let japanese = sentence.text(lang).chars().any(|c| ('\u{3040}'..='\u{9fff}').contains(&c));
                assert_eq!(japanese, lang != Lang::English, "{sentence:?}");
            }
        }
    }

    #[test]
    fn plain_japanese_gives_the_reading_of_every_kanji_word() {
        for sentence in ALL {
            assert_eq!(kanji_without_reading(sentence.plain), None);
        }
    }
}
