"""What we answer: a bundle turned into lists for the storefront and the email builder."""
