/**
 * Test vectors of HPKE in base mode, for the KEMs that ECH uses here. All values are hexadecimal.
 *
 * Keys and `ciphertexts` are those of RFC 9180 Appendix A, and of the longer list that it names for the suites without a
 * section of their own; HKDF-SHA384 is in neither. `accumulated` stands for a thousand encryptions to the same keys, as
 * the tests of Go's `crypto/hpke` sum them up: SHAKE128 over all ciphertexts, to 16 bytes. Their inputs are drawn from
 * SHAKE128 of nothing, each as a length of one byte and as many bytes: associated data and plaintext in turn.
 *
 * @module
 */

import type { EchKem } from "../../src/model/ech.ts";

/** One suite. */
export interface HpkeVector {
  readonly kem: EchKem;
  readonly kdf: number;
  readonly aead: number;
  /** What the sender's ephemeral key follows from. */
  readonly ikmE: string;
  /** What the receiver's key follows from. */
  readonly ikmR: string;
  readonly skR: string;
  readonly pkR: string;
  readonly enc: string;
  readonly accumulated: string;
  /** The first two messages: {@linkcode HPKE_PLAINTEXT} with "Count-0" and "Count-1". */
  readonly ciphertexts: readonly string[];
}

/** "Ode on a Grecian Urn". */
export const HPKE_INFO = "4f6465206f6e2061204772656369616e2055726e";

/** "Beauty is truth, truth beauty". */
export const HPKE_PLAINTEXT = "4265617574792069732074727574682c20747275746820626561757479";

export const HPKE_VECTORS: readonly HpkeVector[] = [
  {
    kem: "x25519",
    kdf: 1,
    aead: 1,
    ikmE: "7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234",
    ikmR: "6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037",
    skR: "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
    pkR: "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
    enc: "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
    accumulated: "dcabb32ad8e8acea785275323395abd0",
    ciphertexts: [
      "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
      "af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84",
    ],
  },
  {
    kem: "x25519",
    kdf: 1,
    aead: 2,
    ikmE: "2cd7c601cefb3d42a62b04b7a9041494c06c7843818e0ce28a8f704ae7ab20f9",
    ikmR: "dac33b0e9db1b59dbbea58d59a14e7b5896e9bdf98fad6891e99d1686492b9ee",
    skR: "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d",
    pkR: "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c",
    enc: "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256",
    accumulated: "1702e73e1e71705faa8241022af1deea",
    ciphertexts: [],
  },
  {
    kem: "x25519",
    kdf: 1,
    aead: 3,
    ikmE: "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b",
    ikmR: "1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df",
    skR: "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
    pkR: "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
    enc: "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
    accumulated: "225fb3d35da3bb25e4371bcee4273502",
    ciphertexts: [
      "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
      "6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c",
    ],
  },
  {
    kem: "x25519",
    kdf: 3,
    aead: 1,
    ikmE: "895221ae20f39cbf46871d6ea162d44b84dd7ba9cc7a3c80f16d6ea4242cd6d4",
    ikmR: "59a9b44375a297d452fc18e5bba1a64dec709f23109486fce2d3a5428ed2000a",
    skR: "ddfbb71d7ea8ebd98fa9cc211aa7b535d258fe9ab4a08bc9896af270e35aad35",
    pkR: "adf16c696b87995879b27d470d37212f38a58bfe7f84e6d50db638b8f2c22340",
    enc: "8998da4c3d6ade83c53e861a022c046db909f1c31107196ab4c2f4dd37e1a949",
    accumulated: "19a0d0fb001f83e7606948507842f913",
    ciphertexts: [],
  },
  {
    kem: "x25519",
    kdf: 3,
    aead: 2,
    ikmE: "e72b39232ee9ef9f6537a72afe28f551dbe632006aa1b300a00518883a3f2dc1",
    ikmR: "a0484936abc95d587acf7034156229f9970e9dfa76773754e40fb30e53c9de16",
    skR: "bdd8943c1e60191f3ea4e69fc4f322aa1086db9650f1f952fdce88395a4bd1af",
    pkR: "aa7bddcf5ca0b2c0cf760b5dffc62740a8e761ec572032a809bebc87aaf7575e",
    enc: "c12ba9fb91d7ebb03057d8bea4398688dcc1d1d1ff3b97f09b96b9bf89bd1e4a",
    accumulated: "20402e520fdbfee76b2b0af73d810deb",
    ciphertexts: [],
  },
  {
    kem: "x25519",
    kdf: 3,
    aead: 3,
    ikmE: "636d1237a5ae674c24caa0c32a980d3218d84f916ba31e16699892d27103a2a9",
    ikmR: "969bb169aa9c24a501ee9d962e96c310226d427fb6eb3fc579d9882dbc708315",
    skR: "fad15f488c09c167bd18d8f48f282e30d944d624c5676742ad820119de44ea91",
    pkR: "06aa193a5612d89a1935c33f1fda3109fcdf4b867da4c4507879f184340b0e0e",
    enc: "1d38fc578d4209ea0ef3ee5f1128ac4876a9549d74dc2d2f46e75942a6188244",
    accumulated: "c03e64ef58b22065f04be776d77e160c",
    ciphertexts: [],
  },
  {
    kem: "p256",
    kdf: 1,
    aead: 1,
    ikmE: "4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e",
    ikmR: "668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550",
    skR: "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
    pkR:
      "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0",
    enc:
      "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
    accumulated: "fcb852ae6a1e19e874fbd18a199df3e4",
    ciphertexts: [
      "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434",
      "fa6f037b47fc21826b610172ca9637e82d6e5801eb31cbd3748271affd4ecb06646e0329cbdf3c3cd655b28e82",
    ],
  },
  {
    kem: "p256",
    kdf: 1,
    aead: 2,
    ikmE: "a90d3417c3da9cb6c6ae19b4b5dd6cc9529a4cc24efb7ae0ace1f31887a8cd6c",
    ikmR: "a0ce15d49e28bd47a18a97e147582d814b08cbe00109fed5ec27d1b4e9f6f5e3",
    skR: "317f915db7bc629c48fe765587897e01e282d3e8445f79f27f65d031a88082b2",
    pkR:
      "04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f853148544876de76c0f2ef99cdc3a05ccf5ded7860c7c021238f9e2073d2356c",
    enc:
      "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0",
    accumulated: "8d3263541fc1695b6e88ff3a1208577c",
    ciphertexts: [],
  },
  {
    kem: "p256",
    kdf: 1,
    aead: 3,
    ikmE: "f1f1a3bc95416871539ecb51c3a8f0cf608afb40fbbe305c0a72819d35c33f1f",
    ikmR: "61092f3f56994dd424405899154a9918353e3e008171517ad576b900ddb275e7",
    skR: "a4d1c55836aa30f9b3fbb6ac98d338c877c2867dd3a77396d13f68d3ab150d3b",
    pkR:
      "04a697bffde9405c992883c5c439d6cc358170b51af72812333b015621dc0f40bad9bb726f68a5c013806a790ec716ab8669f84f6b694596c2987cf35baba2a006",
    enc:
      "04c07836a0206e04e31d8ae99bfd549380b072a1b1b82e563c935c095827824fc1559eac6fb9e3c70cd3193968994e7fe9781aa103f5b50e934b5b2f387e381291",
    accumulated: "702cdecae9ba5c571c8b00ad1f313dbf",
    ciphertexts: [
      "6469c41c5c81d3aa85432531ecf6460ec945bde1eb428cb2fedf7a29f5a685b4ccb0d057f03ea2952a27bb458b",
      "f1564199f7e0e110ec9c1bcdde332177fc35c1adf6e57f8d1df24022227ffa8716862dbda2b1dc546c9d114374",
    ],
  },
  {
    kem: "p256",
    kdf: 3,
    aead: 1,
    ikmE: "4ab11a9dd78c39668f7038f921ffc0993b368171d3ddde8031501ee1e08c4c9a",
    ikmR: "ea9ff7cc5b2705b188841c7ace169290ff312a9cb31467784ca92d7a2e6e1be8",
    skR: "3ac8530ad1b01885960fab38cf3cdc4f7aef121eaa239f222623614b4079fb38",
    pkR:
      "04085aa5b665dc3826f9650ccbcc471be268c8ada866422f739e2d531d4a8818a9466bc6b449357096232919ec4fe9070ccbac4aac30f4a1a53efcf7af90610edd",
    enc:
      "0493ed86735bdfb978cc055c98b45695ad7ce61ce748f4dd63c525a3b8d53a15565c6897888070070c1579db1f86aaa56deb8297e64db7e8924e72866f9a472580",
    accumulated: "3d670fc7760ce5b208454bb678fbc1dd",
    ciphertexts: [
      "d3cf4984931484a080f74c1bb2a6782700dc1fef9abe8442e44a6f09044c88907200b332003543754eb51917ba",
      "d14414555a47269dfead9fbf26abb303365e40709a4ed16eaefe1f2070f1ddeb1bdd94d9e41186f124e0acc62d",
    ],
  },
  {
    kem: "p256",
    kdf: 3,
    aead: 2,
    ikmE: "0c4b7c8090d9995e298d6fd61c7a0a66bb765a12219af1aacfaac99b4deaf8ad",
    ikmR: "a2f6e7c4d9e108e03be268a64fe73e11a320963c85375a30bfc9ec4a214c6a55",
    skR: "9648e8711e9b6cb12dc19abf9da350cf61c3669c017b1db17bb36913b54a051d",
    pkR:
      "0400f209b1bf3b35b405d750ef577d0b2dc81784005d1c67ff4f6d2860d7640ca379e22ac7fa105d94bc195758f4dfc0b82252098a8350c1bfeda8275ce4dd4262",
    enc:
      "0404dc39344526dbfa728afba96986d575811b5af199c11f821a0e603a4d191b25544a402f25364964b2c129cb417b3c1dab4dfc0854f3084e843f731654392726",
    accumulated: "9da1683aade69d882aa094aa57201481",
    ciphertexts: [],
  },
  {
    kem: "p256",
    kdf: 3,
    aead: 3,
    ikmE: "02bd2bdbb430c0300cea89b37ada706206a9a74e488162671d1ff68b24deeb5f",
    ikmR: "8d283ea65b27585a331687855ab0836a01191d92ab689374f3f8d655e702d82f",
    skR: "ebedc3ca088ad03dfbbfcd43f438c4bb5486376b8ccaea0dc25fc64b2f7fc0da",
    pkR:
      "048fed808e948d46d95f778bd45236ce0c464567a1dc6f148ba71dc5aeff2ad52a43c71851b99a2cdbf1dad68d00baad45007e0af443ff80ad1b55322c658b7372",
    enc:
      "044415d6537c2e9dd4c8b73f2868b5b9e7e8e3d836990dc2fd5b466d1324c88f2df8436bac7aa2e6ebbfd13bd09eaaa7c57c7495643bacba2121dca2f2040e1c5f",
    accumulated: "f025dca38d668cee68e7c434e1b98f9f",
    ciphertexts: [],
  },
];
