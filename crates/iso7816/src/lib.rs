//! ISO 7816-4 values: command and response APDUs, status words, AIDs, BER-TLV
