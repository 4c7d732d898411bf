// Reading of answers, which other pages share.

export * from '../../shared/protocol/read';
