// Days of Shanghai, which other pages share.

export * from '../../shared/shanghai';
