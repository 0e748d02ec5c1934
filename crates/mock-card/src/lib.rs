//! A behaving My Number card in software, in process and behind vpcd
