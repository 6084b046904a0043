package dev.plumbline.bench.fleet;

/**
 * A language model on one A100. A decode step takes {@code max(fixedMs, msPerToken * tokens)}:
 * measured 10.1 ms and 0.066 ms a token for 8B (microsoft/vidur), others scaled by their weights.
 *
 * @param weightGib at 16 bits
 * @param kvBytes of one token over all layers
 */
record Model(String name, double weightGib, double kvBytes, double fixedMs, double msPerToken) {
  static final Model LLAMA_8B = of("meta-llama/Llama-3.1-8B-Instruct", 8.0, 131072);
  static final Model QWEN_7B_CODER = of("Qwen/Qwen2.5-Coder-7B-Instruct", 7.6, 57344);
  static final Model MISTRAL_7B = of("mistralai/Mistral-7B-Instruct-v0.3", 7.2, 131072);
  static final Model QWEN_14B = of("Qwen/Qwen2.5-14B-Instruct", 14.7, 196608);
  static final Model GEMMA_9B = of("google/gemma-2-9b-it", 9.2, 172032);
  static final Model GRANITE_3B = of("ibm-granite/granite-3.1-3b-instruct", 3.3, 81920);
  static final Model PHI_14B = of("microsoft/phi-4", 14.7, 204800);
  static final Model LLAMA_70B = of("meta-llama/Llama-3.3-70B-Instruct", 70.6, 327680);
  static final Model QWEN_32B = of("Qwen/Qwen2.5-32B-Instruct", 32.8, 262144);

  private static Model of(String name, double billions, double kvBytes) {
    return new Model(name, billions * 1.87, kvBytes, 1.2 + 8.9 * billions / 8, .066 * billions / 8);
  }
}
