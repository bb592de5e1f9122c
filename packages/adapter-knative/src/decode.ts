export {
  httpInputs as decode,
  type HttpInputs as Decoded,
  type HttpInputsOptions as DecodeOptions,
  type HttpMessage,
} from '@hearth/core/trigger';
